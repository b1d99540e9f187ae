// A request on its way through proxies: each may rewrite it. What is not known of it is asked for.
import type { HeaderValueOption } from '../../envoy/gen/envoy/config/core/v3/base_pb.js';
import { HeaderValueOption_HeaderAppendAction } from '../../envoy/gen/envoy/config/core/v3/base_pb.js';
import type { Attempt } from '../attempt.ts';
import { knownText, type Text, unknownText } from '../matching/text.ts';
import type { Questions } from '../questions.ts';

export interface Request {
  readonly kind: 'http';
  /** `h2c` where it is gRPC. */
  readonly version: 'http/1.1' | 'h2c';
  readonly scheme: 'http' | 'https';
  /** With its port where it is not the scheme's own. */
  readonly authority: string;
  readonly method: Text;
  /** With its query. */
  readonly path: Text;
  /** Undefined: it is not there. */
  header(name: string): Text | undefined;
  /** Of a CONNECT, what goes through it. */
  readonly inside?: Payload;
}

/** What a connection carries. */
export type Payload = Request | TlsBytes | { readonly kind: 'bytes' };

export interface TlsBytes {
  readonly kind: 'tls';
  /** Empty: none. */
  readonly sni: string;
  readonly alpn: readonly string[];
  /** The URI in the certificate that its sender shows; undefined: none is shown. */
  readonly peer?: string;
  readonly inside: Payload;
}

export function requestOf(attempt: Attempt, scheme: Request['scheme'], questions: Questions): Request {
  const { protocol, host, port, method, path, headers } = attempt;
  const usual = scheme === 'http' ? 80 : 443;
  const name = host.includes(':') ? `[${host}]` : host;
  const asked = new Map<string, Text | undefined>();
  return {
    kind: 'http',
    version: protocol === 'grpc' ? 'h2c' : 'http/1.1',
    scheme,
    authority: port === usual ? name : `${name}:${port}`,
    method: methodOf(protocol, method, questions),
    path: path === undefined ? unknownText('its path', questions) : knownText('its path', path),
    header(header) {
      if (headers !== undefined) {
        const value = headers.get(header);
        return value === undefined ? undefined : knownText(`its header ${header}`, value);
      }
      if (!asked.has(header)) {
        const there = questions.holds(`it has the header ${header}`, `it has no header ${header}`);
        asked.set(header, there ? unknownText(`its header ${header}`, questions) : undefined);
      }
      return asked.get(header);
    },
  };
}

function methodOf(protocol: Attempt['protocol'], method: string | undefined, questions: Questions): Text {
  if (protocol === 'grpc') return knownText('its method', 'POST');
  return method === undefined ? unknownText('its method', questions) : knownText('its method', method);
}

/** A proxy that ends it; asks for a connection to `authority`. */
export function connectRequest(authority: string, inside: Payload): Request {
  return {
    kind: 'http',
    version: 'http/1.1',
    scheme: 'http',
    authority,
    method: knownText('its method', 'CONNECT'),
    path: knownText('its path', ''),
    header: () => undefined,
    inside,
  };
}

export interface HeaderChanges {
  readonly add: readonly HeaderValueOption[];
  readonly remove: readonly string[];
}

/** Later ones win. What a proxy makes out of command operators is not known here. */
export function withHeaders(request: Request, changes: readonly HeaderChanges[]): Request {
  const changed = new Map<string, readonly string[] | 'removed'>();
  for (const { add, remove } of changes) {
    for (const name of remove) changed.set(name.toLowerCase(), 'removed');
    for (const { header, appendAction } of add) {
      const name = (header?.key ?? '').toLowerCase();
      const value = header?.value ?? '';
      const before = changed.get(name);
      const appends = appendAction === HeaderValueOption_HeaderAppendAction.APPEND_IF_EXISTS_OR_ADD;
      const own = appends && before === undefined ? request.header(name)?.value() : undefined;
      const kept = appends ? (Array.isArray(before) ? before : own === undefined ? [] : [own]) : [];
      changed.set(name, [...kept, value]);
    }
  }
  if (changed.size === 0) return request;
  const authority = changed.get(':authority');
  return {
    ...request,
    ...(Array.isArray(authority) ? { authority: authority.at(-1) ?? '' } : {}),
    header(name) {
      const values = changed.get(name);
      if (values === undefined) return request.header(name);
      return values === 'removed' ? undefined : knownText(`its header ${name}`, values.join(','));
    },
  };
}

/** Of a text without its query. */
export function pathOnly(path: Text): Text {
  const whole = path.value();
  return whole === undefined ? path : knownText(path.subject, whole.replace(/[?#].*$/s, ''));
}
