// What a rule of a VirtualService answers by itself, and what it rewrites. Follows validateHTTPRedirect,
// validateHTTPDirectResponse and validateHTTPRewrite of Istio's pkg/config/validation.
import { type FieldPath, problem, warning } from '../finding.ts';
import type { Finding } from '../kind.ts';
import { readRe2 } from '../re2-syntax.ts';
import { shorten } from '../schema-messages.ts';
import type { HttpDirectResponse, HttpRedirect, HttpRewrite } from './virtual-service-actions.ts';
import { checkRegex } from './virtual-service-regex.ts';

const redirectCodes = new Set([301, 302, 303, 307, 308]);

export function* checkRedirect(redirect: HttpRedirect, path: FieldPath): Iterable<Finding> {
  const { uri, authority, port, derivePort, scheme, redirectCode } = redirect;
  if (!uri && !authority && !scheme && port === undefined && derivePort === undefined) {
    yield problem('SP0715', path, 'redirect must specify URI, authority, scheme, or port', 'add one of them');
  }
  if (port !== undefined && derivePort !== undefined) {
    yield problem('SP0715', path, 'redirect cannot contain both port and derivePort', 'remove one of them');
  }
  // Istio: any 3xx, of which those that Envoy has not become 301; here: refused.
  if (redirectCode !== undefined && !redirectCodes.has(redirectCode)) {
    const message = `${redirectCode} is not a valid redirect code`;
    yield problem('SP0715', [...path, 'redirectCode'], message, `use one of ${[...redirectCodes].join(', ')}`);
  }
  if (scheme && scheme !== 'http' && scheme !== 'https') {
    const message = 'invalid redirect scheme, must be "http" or "https"';
    yield problem('SP0715', [...path, 'scheme'], message);
  }
  yield* checkUri(uri, 'SP0715', [...path, 'uri']);
  yield* checkAuthorityText(authority, 'SP0715', [...path, 'authority']);
}

const largestBody = 1_048_576;
const largeBody = 102_400;

export function* checkDirectResponse({ status, body }: HttpDirectResponse, path: FieldPath): Iterable<Finding> {
  if (status < 200 || status > 599) {
    yield problem('SP0716', [...path, 'status'], `HTTP status ${status} is not in range 200-599`);
  }
  if (body === undefined) return;
  const { string, bytes } = body;
  const place = [...path, 'body'];
  if ((string === undefined) === (bytes === undefined)) {
    yield problem('SP0716', place, 'a body needs either string or bytes', 'keep one of them');
  }
  if (bytes !== undefined && !/^[A-Za-z0-9+/_-]*={0,2}$/.test(bytes)) {
    yield problem('SP0716', [...place, 'bytes'], 'is not base64', 'encode it, or write it plainly under string');
  }
  const size = Buffer.byteLength(string ?? '') + Buffer.byteLength(bytes ?? '', 'base64');
  if (size > largestBody) {
    yield problem('SP0716', place, `direct response body is ${size} bytes, the most is ${largestBody}`, 'shorten it');
  } else if (size > largeBody) {
    const message = 'large direct responses may impact control plane performance';
    yield warning('SP0717', place, message, 'serve it from a program');
  }
}

export function* checkRewrite(rewrite: HttpRewrite, path: FieldPath): Iterable<Finding> {
  const { uri, authority, uriRegexRewrite } = rewrite;
  if (!uri && !authority && uriRegexRewrite === undefined) {
    yield problem('SP0718', path, 'rewrite must specify URI, UriRegexRewrite, or authority', 'add one of them');
  }
  if (uri && uriRegexRewrite !== undefined) {
    yield problem('SP0718', path, 'rewrite may only contain one of URI or UriRegexRewrite', 'remove one of them');
  }
  yield* checkUri(uri, 'SP0718', [...path, 'uri']);
  yield* checkAuthorityText(authority, 'SP0718', [...path, 'authority']);
  if (uriRegexRewrite !== undefined) yield* checkRegexRewrite(uriRegexRewrite, [...path, 'uriRegexRewrite']);
}

function* checkRegexRewrite(
  { match, rewrite }: NonNullable<HttpRewrite['uriRegexRewrite']>,
  path: FieldPath,
): Iterable<Finding> {
  if (!match || !rewrite) {
    const message = 'UriRegexRewrite requires both Rewrite and Match fields to be specified';
    yield problem('SP0718', path, message, 'add the other one');
    return;
  }
  yield* checkUri(rewrite, 'SP0718', [...path, 'rewrite']);
  const mistakes = [...checkRegex(match, [...path, 'match'])];
  yield* mistakes;
  if (mistakes.length > 0) return;
  // Envoy takes any text and leaves the path alone when it cannot be used.
  const { groups } = readRe2(match);
  for (const [whole, letter = ''] of rewrite.matchAll(/\\(.?)/gs)) {
    if (letter === '\\' || (/\d/.test(letter) && Number(letter) <= groups)) continue;
    const hint = 'write \\0 for the whole match, \\1 for the first group, \\\\ for a backslash';
    const message = `${whole} is no group of the match, which has ${groups}`;
    yield problem('SP0718', [...path, 'rewrite'], message, hint);
    return;
  }
}

function* checkUri(uri: string | undefined, code: 'SP0715' | 'SP0718', path: FieldPath): Iterable<Finding> {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for
  if (uri === undefined || !/[\u0000-\u0020\u007f]/.test(uri)) return;
  yield problem(code, path, `'${shorten(uri)}' is not a path: it has a space or a line break`, 'encode it as %20');
}

function* checkAuthorityText(text: string | undefined, code: 'SP0715' | 'SP0718', path: FieldPath): Iterable<Finding> {
  if (!text || /^[A-Za-z0-9._~%!$&'()*+,;=:[\]-]+$/.test(text)) return;
  yield problem(code, path, `'${shorten(text)}' is not an authority`, 'write host or host:port');
}
