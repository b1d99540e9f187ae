// What people write for what a program would call, as an attempt: of a request all is known, since nothing else is sent.
import { asksRequests, type CallUrl, callUrlForms, readCallUrl } from '../api/call-url.ts';
import { isWildcardHost } from '../api/host-name.ts';
import { SallyportError } from '../platform/errors.ts';
import type { Attempt } from '../verdict/attempt.ts';

export interface TargetOptions {
  /** `GET` if absent. */
  readonly method?: string;
  /** Names in any case. */
  readonly headers?: readonly (readonly [string, string])[];
}

/** Throws SallyportError `SP_BAD_REQUEST`. */
export function parseTarget(text: string, options: TargetOptions = {}): Attempt {
  const url = readCallUrl(text);
  if ('problem' in url) throw wrong(`'${text}' is nothing that can be called: ${url.problem}`);
  const { scheme, host, port } = url;
  if (isWildcardHost(host)) throw wrong(`'${host}' is no host`);
  const protocol = scheme === 'https' ? 'tls' : scheme;
  return { protocol, host, port, ...(asksRequests(scheme) ? requestOf(url, options) : {}) };
}

function requestOf({ path = '/' }: CallUrl, { method = 'GET', headers = [] }: TargetOptions): Partial<Attempt> {
  if (!/^[A-Za-z]+$/.test(method)) throw wrong(`'${method}' is no method`);
  return {
    method: method.toUpperCase(),
    path,
    headers: new Map(headers.map(([name, value]) => [name.toLowerCase(), value])),
  };
}

function wrong(message: string): SallyportError {
  return new SallyportError('SP_BAD_REQUEST', message, { hint: callUrlForms });
}
