// Whether a request has a header, as routes and RBAC ask for it. Envoy: config.route.v3.HeaderMatcher.
import type { HeaderMatcher } from '../../envoy/gen/envoy/config/route/v3/route_components_pb.js';
import { knownText, type Text, testOf } from '../matching/text.ts';
import { Untellable } from '../untellable.ts';
import type { Request } from './request.ts';

export function headerMatches(matcher: HeaderMatcher, request: Request): boolean {
  const { name, headerMatchSpecifier: asked, invertMatch, treatMissingHeaderAsEmpty } = matcher;
  const text = headerOf(request, name) ?? (treatMissingHeaderAsEmpty ? knownText(name, '') : undefined);
  if (asked.case === 'presentMatch') return (text !== undefined) === (asked.value !== invertMatch);
  if (asked.case !== 'stringMatch') throw new Untellable(`a header that is matched by ${asked.case}`);
  // Envoy: a header that is not there matches nothing, inverted or not.
  if (text === undefined) return false;
  return text.matches(testOf(asked.value)) !== invertMatch;
}

function headerOf(request: Request, name: string): Text | undefined {
  switch (name.toLowerCase()) {
    case ':method':
      return request.method;
    case ':authority':
    case 'host':
      return knownText('its host', request.authority);
    case ':path':
      return request.path;
    case ':scheme':
      return knownText('its scheme', request.scheme);
    default:
      return request.header(name.toLowerCase());
  }
}
