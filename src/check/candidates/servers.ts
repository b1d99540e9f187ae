// A host for the Gateway that a VirtualService is bound to, where the gateway serves it nowhere.
import { gatewayKind } from '../../api/kinds/gateway.ts';
import { virtualServiceKind } from '../../api/kinds/virtual-service.ts';
import { parseObject } from '../../api/parse-object.ts';
import { parseVirtualServiceRoute } from '../../xds/names.ts';
import { type Candidate, nameOf, type Stopped, withSpec } from './candidate.ts';

export function* serverCandidates({ hops, attempt, end, object }: Stopped): Iterable<Candidate> {
  if (end.kind !== 'refused' || end.signature !== 'not-served') return;
  const [first] = hops;
  const rule = parseVirtualServiceRoute(first?.route ?? '') ?? parseVirtualServiceRoute(first?.chain ?? '');
  if (rule === undefined) return;
  const { namespace, name } = rule.virtualService;
  const routing = object(`VirtualService/${namespace}/${name}`);
  const virtualService = routing && parseObject(virtualServiceKind.schema, routing);
  for (const bound of virtualService?.spec.gateways ?? []) {
    const [within, own] = bound.includes('/') ? bound.split('/') : [namespace, bound];
    const stored = object(`Gateway/${within}/${own}`);
    const gateway = stored && parseObject(gatewayKind.schema, stored);
    if (stored === undefined || gateway === undefined) continue;
    const { servers } = gateway.spec;
    for (const [index, server] of servers.entries()) {
      const hosts = [...(server.hosts ?? []), attempt.host];
      const changed = servers.map((one, at) => (at === index ? { ...one, hosts } : one));
      const summary = `add ${attempt.host} to the hosts of port ${server.port.number} of ${nameOf(stored)}`;
      yield { summary, object: withSpec(stored, { ...gateway.spec, servers: changed }) };
    }
  }
}
