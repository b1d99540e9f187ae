// A host of a ServiceEntry that is exported to other namespaces and does not count there, since it would take something from
// them or from another (mesh/tenancy.ts). Told of the one that loses.
import { claimsAnnotation } from '../../api/annotations.ts';
import { problem, warning } from '../../api/finding.ts';
import type { ServiceEntry } from '../../api/kinds/service-entry.ts';
import { originOf, type Service } from '../../mesh/service.ts';
import { type Refusal, refusalOf } from '../../mesh/tenancy.ts';
import { isVisible } from '../../mesh/visibility.ts';
import { someOf } from '../../platform/some-of.ts';
import { about, type CrossFinding } from '../finding.ts';
import type { Surroundings } from '../surroundings.ts';
import { servicesOf } from './entry-services.ts';

export function* findRefusedHosts(entry: ServiceEntry, around: Surroundings): Iterable<CrossFinding> {
  for (const { service, index } of servicesOf(entry, around)) {
    const clients = foreignClients(service, around);
    const refused = refusedTo(service, clients, around);
    if (refused === undefined) continue;
    const { refusal, namespaces } = refused;
    const path = ['spec', 'hosts', index];
    const owners = ownersOf(refusal, service, around).map(originOf);
    const who = namespaces.length === 0 ? 'other namespaces do' : `namespace ${someOf(namespaces)} does`;
    const message = `${who} not take ${service.host} from here: ${reasonOf(refusal, service)}`;
    const finding = about(tell(refusal)('SP1551', path, message, hintOf(service)), ...owners);
    yield (entry.spec.exportTo ?? []).length > 0 || owners.length > 0 ? finding : { ...finding, severity: 'info' };
  }
}

/** No namespace is called so: it has nothing of its own. */
export const elsewhere = '';

/** Whose proxies see it, but for those of its own namespace. */
function foreignClients({ visibility, namespace }: Service, around: Surroundings): readonly string[] {
  return around
    .clientsOf(visibility, namespace)
    .filter((client) => client !== namespace && isVisible(visibility, client));
}

/** `namespaces` is empty where it is all of them. */
function refusedTo(service: Service, clients: readonly string[], around: Surroundings) {
  const tenants = around.tenants(service.host);
  const refusal = (namespace: string) => refusalOf(tenants, service, { namespace, proxy: 'sidecar' });
  const general = service.visibility.public ? refusal(elsewhere) : undefined;
  // What its own author says of others matters where there are any; what takes from another matters at once.
  if (general !== undefined && (clients.length > 0 || !isOwnChoice(general)))
    return { refusal: general, namespaces: [] };
  const told = clients.filter((client) => refusal(client) !== undefined);
  const [first] = told.flatMap((client) => refusal(client) ?? []);
  return first === undefined ? undefined : { refusal: first, namespaces: told };
}

function isOwnChoice({ reason }: Refusal): boolean {
  return reason === 'addresses' || reason === 'endpoints';
}

function tell({ reason }: Refusal) {
  return reason === 'mesh-name' ? problem : warning;
}

function ownersOf(refusal: Refusal, service: Service, around: Surroundings): readonly Service[] {
  if (refusal.reason === 'wildcard') return [refusal.owner];
  return around.services(service.host).filter(({ namespace }) => namespace !== service.namespace);
}

function reasonOf(refusal: Refusal, { host }: Service): string {
  switch (refusal.reason) {
    case 'mesh-name':
      return refusal.namespace === ''
        ? `${host} stands for names of the mesh, which are their namespaces’ own`
        : `${host} is a name of namespace ${refusal.namespace}`;
    case 'wildcard':
      return `it is below ${refusal.owner.host} of ${originOf(refusal.owner)}`;
    case 'addresses':
      return 'its addresses take connections whatever host they are for';
    case 'endpoints':
      return 'under ALLOW_ANY they reach the host without it, and its endpoints are elsewhere';
  }
}

function hintOf({ host, namespace }: Service): string {
  return `annotate Namespace ${namespace} with ${claimsAnnotation}: '${host}' if it is to, or write exportTo: ['.']`;
}
