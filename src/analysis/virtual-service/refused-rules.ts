// Rules for hosts that are not their author's: they count neither for sidecars of other namespaces nor at a Gateway that is
// not his (mesh/ownership.ts). Told of the one that loses.
import { claimsAnnotation } from '../../api/annotations.ts';
import { type FieldPath, problem, warning } from '../../api/finding.ts';
import type { VirtualService } from '../../api/kinds/virtual-service.ts';
import { completeHost } from '../../mesh/complete-host.ts';
import { type Gateway, gatewayKey, gatewayOrigin } from '../../mesh/gateway.ts';
import { mayRoute, ofOneNamespace, ownerOf, rankAtGateway, serviceFor } from '../../mesh/ownership.ts';
import { boundTo } from '../../mesh/select-virtual-service.ts';
import { selectorText } from '../../mesh/selector.ts';
import { originOf, type Service } from '../../mesh/service.ts';
import type { Client } from '../../mesh/tenancy.ts';
import { meshGateway, virtualServiceOrigin } from '../../mesh/virtual-service.ts';
import { isVisible, visibilityOf } from '../../mesh/visibility.ts';
import { someOf } from '../../platform/some-of.ts';
import { servedHosts } from '../../xds/gateway/server-hosts.ts';
import { about, type CrossFinding } from '../finding.ts';
import { elsewhere } from '../service-entry/refused-hosts.ts';
import type { Surroundings } from '../surroundings.ts';
import { boundGateways } from './rule-destinations.ts';

export function* findRefusedRules(object: VirtualService, around: Surroundings): Iterable<CrossFinding> {
  const { namespace = '' } = object.metadata;
  const seen = new Set<string>();
  for (const [index, given] of (object.spec.hosts ?? []).entries()) {
    const host = completeHost(given, namespace);
    if (seen.has(host)) continue;
    seen.add(host);
    const path = ['spec', 'hosts', index];
    for (const gateway of boundGateways(object)) {
      if (gateway === meshGateway) yield* refusedAtSidecars(object, host, path, around);
      else yield* refusedAtGateway(object, host, around.gateway(gateway), path, around);
    }
  }
}

function* refusedAtSidecars(
  { metadata, spec }: VirtualService,
  host: string,
  path: FieldPath,
  around: Surroundings,
): Iterable<CrossFinding> {
  const { namespace = '' } = metadata;
  const visibility = visibilityOf(spec.exportTo, namespace);
  const tenants = around.tenants(host);
  const isRefused = (client: string) => !mayRoute(tenants, namespace, host, sidecarsOf(client));
  const others = around.clientsOf(visibility, namespace);
  const clients = others.filter((one) => one !== namespace && isVisible(visibility, one) && isRefused(one));
  const everywhere = visibility.public && isRefused(elsewhere);
  if (!everywhere && clients.length === 0) return;
  const owner = ownerOf(tenants, host, sidecarsOf(everywhere ? elsewhere : (clients[0] ?? elsewhere)));
  const foreign = owner !== undefined && owner !== namespace;
  const service = foreign ? around.services(host).find((claim) => claim.namespace === owner) : undefined;
  if (service === undefined && clients.length === 0) return;
  const where = everywhere ? `in namespace ${namespace} alone` : `not in namespace ${someOf(clients)}`;
  const message = `its rules for ${host} count ${where}: ${whose(host, owner, namespace, service)}`;
  const hint = `annotate Namespace ${namespace} with ${claimsAnnotation}: '${host}' if they are to, or write exportTo: ['.']`;
  const finding = about(warning('SP1552', path, message, hint), ...(service === undefined ? [] : [originOf(service)]));
  yield foreign ? finding : { ...finding, severity: 'info' };
}

function sidecarsOf(namespace: string): Client {
  return { namespace, proxy: 'sidecar' };
}

function whose(host: string, owner: string | undefined, own: string, service: Service | undefined): string {
  if (owner === undefined) return 'nobody registered the host';
  if (owner === own) return 'under ALLOW_ANY others reach the host without them, and they lead elsewhere';
  return service === undefined ? ownerText(host, owner) : `the host is that of ${originOf(service)}`;
}

function ownerText(host: string, owner: string): string {
  return owner === '' ? `${host} stands for names of the mesh` : `the host is namespace ${owner}’s`;
}

function* refusedAtGateway(
  { metadata }: VirtualService,
  host: string,
  gateway: Gateway | undefined,
  path: FieldPath,
  around: Surroundings,
): Iterable<CrossFinding> {
  if (gateway === undefined) return;
  const { namespace = '', name } = metadata;
  const [at] = around.namespacesOf(gateway.selector);
  if (at === undefined) return;
  const client = { namespace: at, proxy: 'router' } as const;
  const tenants = around.tenants(host);
  const claims = rivals(gateway, host, around).flatMap(({ key, server }) =>
    boundTo(around.boundTo(key), key, at).flatMap((virtualService) => {
      if (!servedHosts(server, virtualService).has(host)) return [];
      const rank = rankAtGateway(tenants, virtualService.namespace, host, { gateway: key, server }, client);
      return [{ virtualService, rank }];
    }),
  );
  const own = claims.filter(({ virtualService: one }) => one.namespace === namespace && one.name === name);
  if (own.length === 0) return;
  const hint = `annotate Namespace ${namespace} with ${claimsAnnotation}: '${host}', or write ${namespace}/${host} in the Gateway`;
  if (own.every(({ rank }) => rank === undefined)) {
    const service = serviceFor(tenants, host, client);
    const owner = ownerOf(tenants, host, client) ?? '';
    const message = `its rules for ${host} do not count at ${gatewayOrigin(gateway)}: ${whose(host, owner, namespace, service)}`;
    const related = [gatewayOrigin(gateway), ...(service === undefined ? [] : [originOf(service)])];
    yield about(problem('SP1553', path, message, hint), ...related);
    return;
  }
  const [winner] = ofOneNamespace(
    tenants,
    claims.flatMap(({ virtualService, rank }) => (rank === undefined ? [] : [{ virtualService, rank }])),
  );
  if (winner === undefined || winner.virtualService.namespace === namespace) return;
  const origin = virtualServiceOrigin(winner.virtualService);
  const message = `its rules for ${host} do not count at ${gatewayOrigin(gateway)}: ${origin} of another namespace has the host there`;
  yield about(problem('SP1553', path, message, 'keep the rules of one host in one namespace'), origin);
}

/** The Gateway's servers, and those of others that choose the same workloads and open the same ports. */
function rivals(gateway: Gateway, host: string, around: Surroundings) {
  const numbers = new Set(gateway.servers.map(({ port }) => port.number));
  const keys = new Set(around.virtualServices(host).flatMap(({ gateways }) => gateways));
  const others = [...keys].flatMap((key) => (key === meshGateway ? [] : (around.gateway(key) ?? [])));
  return [...new Set([gateway, ...others.filter((other) => chooseAlike(other, gateway))])].flatMap((one) =>
    one.servers.filter(({ port }) => numbers.has(port.number)).map((server) => ({ key: gatewayKey(one), server })),
  );
}

function chooseAlike({ selector: a = new Map() }: Gateway, { selector: b = new Map() }: Gateway): boolean {
  return selectorText(a) === selectorText(b);
}
