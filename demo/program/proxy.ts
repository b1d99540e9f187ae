// Proxy capture: the environment names a proxy, and everything goes through it. HTTP does so by Node's own agents
// (http-client.ts); this is the rest: which hosts are exempt, and a tunnel for what is not HTTP.
import { request } from 'node:http';
import type { Socket } from 'node:net';
import type { Environment } from './environment.ts';

/** The proxy answered CONNECT with something else than 200. */
export class TunnelRefused extends Error {
  readonly status: number;

  constructor(status: number) {
    super(`its proxy refused the tunnel: ${status}`);
    this.status = status;
  }
}

/** The proxy for a tunnel to this host; undefined where there is none, or the host is exempt. */
export function tunnelProxy(env: Environment, host: string, port: number): URL | undefined {
  const address = env['HTTPS_PROXY'] || env['https_proxy'] || env['HTTP_PROXY'] || env['http_proxy'];
  if (!address || isExempt(env['NO_PROXY'] ?? env['no_proxy'] ?? '', host, port)) return undefined;
  return URL.parse(address) ?? undefined;
}

/** NO_PROXY: `*`, `host`, `host:port`, and `.suffix` for the names under it; divided by commas. */
export function isExempt(noProxy: string, host: string, port: number): boolean {
  return noProxy
    .split(',')
    .map((entry) => entry.trim().toLowerCase())
    .some(
      (entry) =>
        entry === '*' ||
        entry === host ||
        entry === `${host}:${port}` ||
        (entry.startsWith('.') && host.endsWith(entry)),
    );
}

/** A connection to `host:port` made by the proxy. Rejects with TunnelRefused, or the error of the way to the proxy. */
export function openTunnel(proxy: URL, host: string, port: number, signal: AbortSignal): Promise<Socket> {
  const target = `${host}:${port}`;
  return new Promise((resolve, reject) => {
    const outgoing = request({
      host: proxy.hostname,
      port: proxy.port || 80,
      method: 'CONNECT',
      path: target,
      headers: { host: target },
      agent: false,
      signal,
    });
    outgoing.once('error', reject);
    outgoing.once('connect', ({ statusCode = 0 }, socket: Socket, head: Buffer) => {
      if (statusCode === 200) {
        if (head.length > 0) socket.unshift(head);
        resolve(socket);
      } else {
        socket.destroy();
        reject(new TunnelRefused(statusCode));
      }
    });
    outgoing.end();
  });
}
