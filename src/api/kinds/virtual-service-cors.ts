// The CORS policy of a rule of a VirtualService. Follows validateCORSPolicy of Istio's pkg/config/validation.
import { parseDurationMs } from '../duration.ts';
import { type FieldPath, problem, warning } from '../finding.ts';
import type { Finding } from '../kind.ts';
import { deprecated } from '../not-acted-on.ts';
import { shorten } from '../schema-messages.ts';
import type { CorsPolicy } from './virtual-service-actions.ts';
import { isHeaderName } from './virtual-service-headers.ts';

const methods = new Set('GET HEAD POST PUT DELETE CONNECT OPTIONS TRACE PATCH *'.split(' '));

export function* checkCors(policy: CorsPolicy, path: FieldPath): Iterable<Finding> {
  const { allowOrigin, allowOrigins = [], allowMethods = [], maxAge } = policy;
  if (allowOrigin !== undefined) yield deprecated('allowOrigin', [...path, 'allowOrigin'], 'allowOrigins');
  if ((allowOrigin ?? []).length + allowOrigins.length === 0) {
    yield warning('SP0728', path, 'no origin is allowed', "write allowOrigins: [{exact: 'https://example.com'}]");
  }
  for (const [index, method] of allowMethods.entries()) {
    if (methods.has(method)) continue;
    const message = `"${shorten(method)}" is not a supported HTTP method`;
    yield problem('SP0727', [...path, 'allowMethods', index], message, 'write for example GET, in capitals');
  }
  for (const field of ['allowHeaders', 'exposeHeaders'] as const) {
    for (const [index, name] of (policy[field] ?? []).entries()) {
      if (isHeaderName(name) && !name.startsWith(':')) continue;
      const message = `'${shorten(name)}' is not the name of a header`;
      yield problem('SP0712', [...path, field, index], message, "use letters, digits and '-'");
    }
  }
  if (maxAge !== undefined && (parseDurationMs(maxAge) ?? 0) % 1000 !== 0) {
    const message = 'max_age duration is accurate only to seconds precision';
    yield problem('SP0727', [...path, 'maxAge'], message, 'write whole seconds');
  }
}
