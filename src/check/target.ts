// What people write for what a program would call: a URL, or host and port. A port of its own says what is spoken where no scheme
// does.
import { normalizeHost } from '../api/host-name.ts';
import { SallyportError } from '../platform/errors.ts';
import type { Attempt } from '../verdict/attempt.ts';

export interface TargetOptions {
  /** `GET` if absent. */
  readonly method?: string;
  /** Names in any case. */
  readonly headers?: readonly (readonly [string, string])[];
}

type Scheme = Attempt['protocol'] | 'https';

const schemes: ReadonlyMap<string, { readonly scheme: Scheme; readonly port?: number }> = new Map([
  ['http:', { scheme: 'http', port: 80 }],
  ['https:', { scheme: 'https', port: 443 }],
  ['grpc:', { scheme: 'grpc', port: 80 }],
  ['tls:', { scheme: 'tls', port: 443 }],
  ['tcp:', { scheme: 'tcp' }],
]);

/** Of `host:port`. */
const usual: ReadonlyMap<number, Scheme> = new Map([
  [80, 'http'],
  [443, 'tls'],
]);

const forms = 'write http://host/path, https://host, grpc://host, tls://host, tcp://host:port or host:port';

/** Throws SallyportError `SP_BAD_REQUEST`. */
export function parseTarget(text: string, options: TargetOptions = {}): Attempt {
  const [, prefix = '', rest = ''] = /^([a-z]+:)\/\/(.*)$/i.exec(text) ?? ['', '', text];
  const known = schemes.get(prefix.toLowerCase());
  if (prefix !== '' && known === undefined) throw wrong(`'${prefix}//' is no way to call anything here`);
  const url = readUrl(rest, text);
  const host = normalizeHost(url.hostname.replace(/^\[(.*)\]$/, '$1'));
  if (host === undefined || host.startsWith('*')) throw wrong(`'${url.hostname}' is no host`);
  const port = portOf(rest) ?? known?.port;
  if (port === undefined) throw wrong(`'${text}' names no port`);
  const scheme = known?.scheme ?? usual.get(port) ?? 'tcp';
  const protocol = scheme === 'https' ? 'tls' : scheme;
  if (scheme === 'tls' || scheme === 'tcp') return { protocol, host, port };
  return { protocol, host, port, ...requestOf(url, options) };
}

/** What of a request is known, which is all of it: nothing else is sent. */
function requestOf(url: URL, { method = 'GET', headers = [] }: TargetOptions): Partial<Attempt> {
  if (!/^[A-Za-z]+$/.test(method)) throw wrong(`'${method}' is no method`);
  return {
    method: method.toUpperCase(),
    path: `${url.pathname}${url.search}`,
    headers: new Map(headers.map(([name, value]) => [name.toLowerCase(), value])),
  };
}

function readUrl(rest: string, text: string): URL {
  try {
    return new URL(`http://${rest}`);
  } catch (cause) {
    throw wrong(`'${text}' is no URL`, cause);
  }
}

/** As it is written: a URL leaves its own scheme's port out. */
function portOf(rest: string): number | undefined {
  const [, digits] = /^(?:[^@/?#]*@)?(?:\[[^\]]*\]|[^:/?#]*):(\d+)(?:[/?#]|$)/.exec(rest) ?? [];
  return digits === undefined ? undefined : Number(digits);
}

function wrong(message: string, cause?: unknown): SallyportError {
  return new SallyportError('SP_BAD_REQUEST', message, { hint: forms, ...(cause === undefined ? {} : { cause }) });
}
