// One HTTP rule of a VirtualService. Follows validateHTTPRoute of Istio's pkg/config/validation.
import { isDnsLabel, isDnsSubdomain } from '../dns-name.ts';
import { type FieldPath, problem } from '../finding.ts';
import type { Finding } from '../kind.ts';
import { deprecated, fieldsNotActedOn } from '../not-acted-on.ts';
import { shorten } from '../schema-messages.ts';
import type { Delegate } from './virtual-service-actions.ts';
import { checkCors } from './virtual-service-cors.ts';
import { checkDestinations, checkMirrors } from './virtual-service-destinations.ts';
import { checkFault, checkRetries } from './virtual-service-faults.ts';
import { isAuthorityHeader, isHeaderName } from './virtual-service-headers.ts';
import type { HttpMatchRequest } from './virtual-service-match.ts';
import { checkDirectResponse, checkRedirect, checkRewrite } from './virtual-service-responses.ts';
import type { HttpRoute } from './virtual-service-schema.ts';

export function* checkHttpRule(rule: HttpRoute, path: FieldPath): Iterable<Finding> {
  for (const [index, match] of (rule.match ?? []).entries()) yield* checkMatch(match, [...path, 'match', index]);
  yield* checkActions(rule, path);
  yield* checkDestinations(rule.route ?? [], [...path, 'route']);
  if (rule.redirect !== undefined) yield* checkRedirect(rule.redirect, [...path, 'redirect']);
  if (rule.directResponse !== undefined) yield* checkDirectResponse(rule.directResponse, [...path, 'directResponse']);
  if (rule.rewrite !== undefined) yield* checkRewrite(rule.rewrite, [...path, 'rewrite']);
  if (rule.retries !== undefined) yield* checkRetries(rule.retries, [...path, 'retries']);
  if (rule.fault !== undefined) yield* checkFault(rule.fault, [...path, 'fault']);
  if (rule.corsPolicy !== undefined) yield* checkCors(rule.corsPolicy, [...path, 'corsPolicy']);
  yield* checkAuthority(rule, path);
  yield* checkMirrors(rule, path);
  if (rule.mirrorPercent !== undefined) {
    yield deprecated('mirrorPercent', [...path, 'mirrorPercent'], 'mirrorPercentage');
  }
  if (rule.delegate !== undefined) yield* checkDelegate(rule.delegate, [...path, 'delegate']);
}

function* checkMatch(match: HttpMatchRequest, path: FieldPath): Iterable<Finding> {
  for (const field of ['headers', 'withoutHeaders'] as const) {
    for (const name of Object.keys(match[field] ?? {})) {
      if (isHeaderName(name)) continue;
      const message = name === '' ? 'header name cannot be empty' : `'${shorten(name)}' is not the name of a header`;
      yield problem('SP0712', [...path, field, name], message, "use lower case letters, digits and '-'");
    }
  }
  for (const name of Object.keys(match.queryParams ?? {})) {
    if (name !== '' && Buffer.byteLength(name) <= 1024) continue;
    const message = name === '' ? 'query parameter name cannot be empty' : 'query parameter name is too long';
    yield problem('SP0701', [...path, 'queryParams', name], message);
  }
  yield* fieldsNotActedOn(match, path, ['statPrefix']);
}

function* checkDelegate({ name = '', namespace }: Delegate, path: FieldPath): Iterable<Finding> {
  const hint = 'write delegate: {name: other, namespace: theirs}';
  if (!isDnsSubdomain(name)) {
    const message = name === '' ? 'delegate must have a name' : `'${shorten(name)}' is not the name of a delegate`;
    yield problem('SP0730', [...path, 'name'], message, hint);
  }
  if (namespace !== undefined && namespace !== '' && !isDnsLabel(namespace)) {
    const message = `'${shorten(namespace)}' is not the name of a namespace`;
    yield problem('SP0730', [...path, 'namespace'], message, hint);
  }
}

/** Which of the actions go together. */
function* checkActions(rule: HttpRoute, path: FieldPath): Iterable<Finding> {
  const routed = (rule.route ?? []).length > 0;
  const both = (first: string, second: string) =>
    problem('SP0708', path, `HTTP route cannot contain both ${first} and ${second}`, 'remove one, or write two rules');
  if (rule.delegate !== undefined) {
    if (rule.redirect !== undefined) yield both('delegate', 'redirect');
    if (rule.directResponse !== undefined) yield both('delegate', 'direct_response');
    if (routed) yield both('delegate', 'route');
    return;
  }
  if (rule.redirect !== undefined) {
    if (routed) yield both('route', 'redirect');
    if (rule.directResponse !== undefined) yield both('redirect', 'direct_response');
    if (rule.fault !== undefined) yield both('fault', 'redirect');
    if (rule.rewrite !== undefined) yield both('rewrite', 'redirect');
  } else if (rule.directResponse !== undefined) {
    if (routed) yield both('route', 'direct_response');
    if (rule.rewrite !== undefined) yield both('rewrite', 'direct_response');
  } else if (!routed) {
    yield problem('SP0707', path, 'HTTP route, redirect or direct_response is required', 'add route');
  }
}

/** rewrite.authority, and `Host` or `:authority` in headers.request, say the same thing. */
function* checkAuthority({ rewrite, headers }: HttpRoute, path: FieldPath): Iterable<Finding> {
  let current = rewrite?.authority ?? '';
  for (const operation of ['set', 'add'] as const) {
    for (const [name, value] of Object.entries(headers?.request?.[operation] ?? {})) {
      if (!isAuthorityHeader(name)) continue;
      if (current !== '') {
        const quoted = `have "${shorten(current)}", attempting to set "${shorten(value)}"`;
        const message = `authority header cannot be set multiple times: ${quoted}`;
        yield problem('SP0714', [...path, 'headers', 'request', operation, name], message, 'remove one of them');
      }
      current = value;
    }
  }
}
