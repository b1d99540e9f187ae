// A call that a test names -> what is tried. What is not written of a request is not known, so that a call is let out only if
// all requests of that kind are; a wildcard and a path that goes on are tried with one that nobody has.
import { type CallUrl, formatCallUrl, readCallUrl } from '../api/call-url.ts';
import { isUnder, isWildcardHost } from '../api/host-name.ts';
import type { EgressTestCall } from '../api/kinds/egress-test.ts';
import type { Attempt } from '../verdict/attempt.ts';

export interface Call {
  readonly url: CallUrl;
  readonly method?: string;
  readonly headers?: ReadonlyMap<string, string>;
  /** For people. */
  readonly text: string;
}

export interface Way {
  /** Of a gateway: `name` or `namespace/name`. */
  readonly through?: string;
  readonly tls?: 'as-sent' | 'originated';
}

/** A name that no object of anyone's has. */
export const nobodys = 'sallyport-test';

/** Undefined where it is no URL, which validation has said. */
export function callOf(call: EgressTestCall): (Call & Way) | undefined {
  const { url: text, method, headers, ...way } = typeof call === 'string' ? { url: call } : call;
  const url = readCallUrl(text);
  if ('problem' in url) return undefined;
  const names = Object.entries(headers ?? {}).map(([name, value]) => [name.toLowerCase(), value] as const);
  return {
    url,
    text: `${method === undefined ? '' : `${method} `}${formatCallUrl(url)}`,
    ...(method === undefined ? {} : { method }),
    ...(headers === undefined ? {} : { headers: new Map(names) }),
    ...way,
  };
}

export function attemptOf({ url, method, headers }: Call): Attempt {
  const { scheme, host, port, path } = url;
  return {
    protocol: scheme === 'https' ? 'tls' : scheme,
    host: isWildcardHost(host) ? `${nobodys}${host.slice(1)}` : host,
    port,
    ...(path === undefined ? {} : { path: path.endsWith('*') ? `${path.slice(0, -1)}${nobodys}` : path }),
    ...(method === undefined ? {} : { method }),
    ...(headers === undefined ? {} : { headers }),
  };
}

/** Whether what is written as `call` means this attempt too. Bytes that nobody reads may be anything. */
export function covers(call: Call, attempt: Attempt): boolean {
  const { scheme, host, port } = call.url;
  if (port !== attempt.port || !isUnder(attempt.host, host)) return false;
  if (scheme === 'tcp') return true;
  return readAs(attempt.protocol) === (scheme === 'https' ? 'tls' : readAs(scheme)) && coversRequest(call, attempt);
}

function readAs(protocol: string): string {
  return protocol === 'grpc' ? 'http' : protocol;
}

function coversRequest({ url, method, headers }: Call, attempt: Attempt): boolean {
  if (method !== undefined && method !== attempt.method) return false;
  if (url.path !== undefined && !isPathUnder(attempt.path, url.path)) return false;
  if (headers === undefined) return true;
  const sent = attempt.headers ?? new Map<string, string>();
  return [...headers].every(([name, value]) => sent.get(name) === value);
}

function isPathUnder(path: string | undefined, pattern: string): boolean {
  if (path === undefined) return false;
  return pattern.endsWith('*') ? path.startsWith(pattern.slice(0, -1)) : path === pattern;
}

/** As a test would write it. */
export function textOf({ protocol, host, port, path, method }: Attempt): string {
  const scheme = protocol === 'tls' ? 'https' : protocol;
  return `${method === undefined ? '' : `${method} `}${formatCallUrl({ scheme, host, port, ...(path === undefined ? {} : { path }) })}`;
}
