// Who may speak to the API over TCP, decided on the raw request before any routing. A page of another site must
// neither read by DNS rebinding (its name stands in Host) nor change anything by a form or fetch (its name stands
// in Origin). Invariant: a name that is not ours is refused on every path.
import type { IncomingMessage } from 'node:http';
import type { ErrorBody } from './wire.ts';

const loopbackHosts = ['localhost', '127.0.0.1', '[::1]'];
const safeMethods = ['GET', 'HEAD', 'OPTIONS'];

/** Whether the request changes something. */
export function changesState(method: string): boolean {
  return !safeMethods.includes(method);
}

/** Whether only this machine reaches what listens on the address. A name other than `localhost` may mean anything. */
export function isLoopback(listenHost: string): boolean {
  return listenHost === 'localhost' || listenHost === '::1' || /^127(\.\d{1,3}){3}$/.test(listenHost);
}

/**
 * Why a request over TCP is refused, or undefined. `listenHost` is the address the server was told to listen on;
 * the port of Host is free, so that a forwarded port works, but Origin must be exactly the page we serve.
 */
export function refusal(
  request: Pick<IncomingMessage, 'method' | 'headers' | 'url'>,
  listenHost: string,
): ErrorBody | undefined {
  const { host, origin, upgrade } = request.headers;
  const hosts = [...loopbackHosts, listenHost.includes(':') ? `[${listenHost}]` : listenHost];
  if (host === undefined || !hosts.includes(hostName(host)) || !isOriginForm(request.url)) {
    return { code: 'SP_FOREIGN_HOST', message: 'this server answers to its loopback address only' };
  }
  const guarded = changesState(request.method ?? 'GET') || upgrade !== undefined;
  if (guarded && origin !== undefined && origin.toLowerCase() !== `http://${host.toLowerCase()}`) {
    return { code: 'SP_FOREIGN_ORIGIN', message: 'a page of another origin may not change anything here' };
  }
  return undefined;
}

/** The name in `name[:port]`, lower case; '' where it is anything else. */
function hostName(host: string): string {
  return /^(\[[0-9a-f:.]+\]|[a-z0-9.-]+)(?::\d{1,5})?$/.exec(host.toLowerCase())?.[1] ?? '';
}

/** `/path`, not `http://elsewhere/path`, whose host would stand against the header's. */
function isOriginForm(url: string | undefined): boolean {
  return url?.startsWith('/') === true && !url.startsWith('//');
}
