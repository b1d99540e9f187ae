// Copies of requests for the mirrors of a rule (istio-semantics 3.3). A copy is under the same law as a request: it goes to
// registered destinations only, its address is judged, and it tells a server outside nothing of the mesh.
import { isWildcardHost, normalizeHost } from '../../api/host-name.ts';
import type { RouteMirror } from '../../envoy/route-mirror.ts';
import type { Service } from '../../mesh/service.ts';
import type { HttpRule } from '../../mesh/virtual-service.ts';
import { mirrors } from '../names.ts';
import { clusterFor, findDestination, type Routing, resolvesAny } from './routing.ts';

export interface MirroredRequest {
  readonly rule: HttpRule;
  /** What was asked for. */
  readonly host: string;
  readonly routing: Routing;
  /** The request itself goes on with another Host than the caller's, since its destination asks for it. */
  readonly changesAuthority: boolean;
}

export function mirrorsOf(request: MirroredRequest): readonly RouteMirror[] {
  return request.rule.mirrors.flatMap(({ destination, percent }) => {
    const found = findDestination(destination, request.routing);
    const authority = authorityOf(destination.host, found.service, request);
    const { rewrite, headers } = request.rule;
    const asked = authority ?? rewrite?.authority ?? headers.request.authority ?? request.host;
    // Nothing judges copies one by one.
    const to = resolvesAny(found.service) ? (normalizeHost(asked) ?? asked) : destination.host;
    if (request.routing.judge(to, found.port)?.mode === 'enforce') return [];
    return [{ cluster: clusterFor(found, asked), percent, authority, through: mirrors }];
  });
}

/**
 * Istio: the Host of a copy is that of the request; here: what the rule says, else an external host's own name. A Host that
 * was changed for the request's own destination alone is changed back. What is refused is told under the mirror's name.
 */
function authorityOf(
  destination: string,
  service: Service | undefined,
  { rule, host, changesAuthority }: MirroredRequest,
): string | undefined {
  if (service === undefined) return destination;
  if (rule.rewrite?.authority !== undefined || rule.headers.request.authority !== undefined) return undefined;
  if (service.external && !isWildcardHost(destination) && !rule.keepsAuthority) return destination;
  return changesAuthority && !isWildcardHost(host) && host !== '*' ? host : undefined;
}
