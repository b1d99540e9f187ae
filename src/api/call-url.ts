// What people write for what a program would call: a URL, or host and port. The scheme says what is spoken; where there is none
// a well-known port says it.
import { normalizeHost } from './host-name.ts';

export type CallScheme = 'http' | 'https' | 'grpc' | 'tls' | 'tcp';

export interface CallUrl {
  readonly scheme: CallScheme;
  /** Normalised; may be `*.example.com`. */
  readonly host: string;
  readonly port: number;
  /** With its query; undefined where none is written, or nothing is asked for. */
  readonly path?: string;
}

/** What is wrong with the text. */
export interface NoCallUrl {
  readonly problem: string;
}

export const callUrlForms =
  'write http://host/path, https://host, grpc://host, tls://host, tcp://host:port or host:port';

const schemes: ReadonlyMap<string, { readonly scheme: CallScheme; readonly port?: number }> = new Map([
  ['http', { scheme: 'http', port: 80 }],
  ['https', { scheme: 'https', port: 443 }],
  ['grpc', { scheme: 'grpc', port: 80 }],
  ['tls', { scheme: 'tls', port: 443 }],
  ['tcp', { scheme: 'tcp' }],
]);

/** Of `host:port`. */
const usual: ReadonlyMap<number, CallScheme> = new Map([
  [80, 'http'],
  [443, 'tls'],
]);

const form = /^(?:([a-z]+):\/\/)?(\[[^\]]*\]|[^:/?#[\]]*)(?::(\d{1,5}))?([/?#].*)?$/i;

export function readCallUrl(text: string): CallUrl | NoCallUrl {
  const [matched, prefix, name = '', digits, rest = ''] = form.exec(text) ?? [];
  if (matched === undefined) return { problem: 'no URL' };
  const known = prefix === undefined ? undefined : schemes.get(prefix.toLowerCase());
  if (prefix !== undefined && known === undefined) return { problem: `'${prefix}://' is no way to call anything here` };
  const host = normalizeHost(name);
  if (host === undefined) return { problem: name === '' ? 'it names no host' : 'it has no valid host' };
  const port = digits === undefined ? known?.port : Number(digits);
  if (port === undefined) return { problem: 'it names no port' };
  if (port < 1 || port > 65535) return { problem: `port ${port} is not in the range 1..65535` };
  const scheme = known?.scheme ?? usual.get(port) ?? 'tcp';
  return { scheme, host, port, ...pathOf(rest) };
}

/** A program sends no fragment; what it sends of a path is without dots and as ASCII. */
function pathOf(rest: string): Pick<CallUrl, 'path'> {
  const [sent = ''] = rest.split('#');
  if (sent === '') return {};
  const { pathname, search } = new URL(`http://host${sent.startsWith('/') ? '' : '/'}${sent}`);
  return { path: `${pathname}${search}` };
}

/** Whether requests are asked for, which have a method and a path. */
export function asksRequests(scheme: CallScheme): boolean {
  return scheme !== 'tls' && scheme !== 'tcp';
}

const usualPorts: ReadonlyMap<CallScheme, number> = new Map(
  [...schemes.values()].map(({ scheme, port = 0 }) => [scheme, port]),
);

/** The shortest that is read as the same. */
export function formatCallUrl({ scheme, host, port, path = '' }: CallUrl): string {
  const name = host.includes(':') ? `[${host}]` : host;
  return `${scheme}://${name}${usualPorts.get(scheme) === port ? '' : `:${port}`}${path}`;
}
