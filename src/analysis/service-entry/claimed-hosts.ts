// One host in several objects: which of them counts where, and what of the others is left out (Istio: selectServices and
// canMergeServices of model/sidecar.go). Told of the one that loses.
import { warning } from '../../api/finding.ts';
import type { ServiceEntry } from '../../api/kinds/service-entry.ts';
import { originOf, type Service, type ServicePort } from '../../mesh/service.ts';
import { refusalOf } from '../../mesh/tenancy.ts';
import { about, type CrossFinding } from '../finding.ts';
import type { Surroundings } from '../surroundings.ts';
import { isOfSameObject, servicesOf } from './entry-services.ts';
import { elsewhere } from './refused-hosts.ts';

export function* findClaimedHosts(entry: ServiceEntry, around: Surroundings): Iterable<CrossFinding> {
  for (const { service, index } of servicesOf(entry, around)) {
    const claims = around.services(service.host);
    if (claims.every((claim) => isOfSameObject(claim, service))) continue;
    const path = ['spec', 'hosts', index];
    const atHome = losses(service, claims, service.namespace, around);
    const abroad = losses(service, claims, elsewhere, around);
    if (atHome !== undefined) {
      const { winner, ports } = atHome;
      const message =
        `${service.host} is that of ${originOf(winner)} as well, which counts; ` +
        `${portList(ports)} of this entry ${ports.length === 1 ? 'is' : 'are'} left out`;
      const hint = 'put all ports of a host into one ServiceEntry, or remove one of them';
      yield about(severityOf(warning('SP1501', path, message, hint), service, winner, ports), originOf(winner));
    } else if (abroad !== undefined) {
      const { winner, ports } = abroad;
      const message =
        `other namespaces get ${service.host} from ${originOf(winner)}; ` +
        `this entry counts in namespace ${service.namespace} alone`;
      const hint = "say so with exportTo: ['.'], or remove one of them";
      yield about(severityOf(warning('SP1501', path, message, hint), service, winner, ports), originOf(winner));
    }
  }
}

interface Loss {
  readonly winner: Service;
  readonly ports: readonly ServicePort[];
}

/** Ports of the service that proxies of the namespace do not get, though they could see them. */
function losses(
  service: Service,
  claims: readonly Service[],
  namespace: string,
  around: Surroundings,
): Loss | undefined {
  if (namespace === elsewhere) {
    if (!service.visibility.public) return undefined;
    // Told in a finding of its own.
    if (refusalOf(around.tenants(service.host), service, { namespace, proxy: 'sidecar' }) !== undefined)
      return undefined;
  }
  const chosen = around.service(service.host, namespace);
  if (chosen === undefined) return undefined;
  const ports = service.ports.filter(
    ({ number }) =>
      !chosen.ports.some((port) => port.number === number && isOfSameObject(port.from ?? chosen, service)),
  );
  const winner = claims.find((claim) => originOf(claim) === originOf(chosen));
  return ports.length === 0 || winner === undefined || isOfSameObject(winner, service) ? undefined : { winner, ports };
}

/** Where both say the same nothing is lost. */
function severityOf<Told extends { readonly severity: string }>(
  finding: Told,
  service: Service,
  winner: Service,
  ports: readonly ServicePort[],
): Told {
  const same = ports.every(({ number, protocol, targetPort }) =>
    winner.ports.some(
      (other) => other.number === number && other.protocol === protocol && other.targetPort === targetPort,
    ),
  );
  const alike = same && winner.resolution === service.resolution && service.endpoints.length === 0;
  return alike ? { ...finding, severity: 'info' } : finding;
}

function portList(ports: readonly ServicePort[]): string {
  return `port${ports.length === 1 ? '' : 's'} ${ports.map(({ number }) => number).join(', ')}`;
}
