// Destinations that lead nowhere: the host is registered nowhere, or not for those who follow the rule, has no such port, or
// the clear text of HTTP is sent to a port that speaks TLS (IST0101). Envoy answers 503, or ends the connection.
import { claimsAnnotation } from '../../api/annotations.ts';
import { problem, warning } from '../../api/finding.ts';
import { isWildcardHost, wildcardsAbove } from '../../api/host-name.ts';
import type { VirtualService } from '../../api/kinds/virtual-service.ts';
import { handlingOf } from '../../mesh/handling.ts';
import { originOf, type Service } from '../../mesh/service.ts';
import { isVisible } from '../../mesh/visibility.ts';
import { about, type CrossFinding } from '../finding.ts';
import type { Surroundings } from '../surroundings.ts';
import { saysTls } from '../tls-policy.ts';
import { clientsOf, clientText, type RuleClient } from './clients.ts';
import { destinationsOf, type RuleDestination } from './rule-destinations.ts';

export function* findMissingDestinations(object: VirtualService, around: Surroundings): Iterable<CrossFinding> {
  const { namespace: own = '' } = object.metadata;
  for (const destination of destinationsOf(object)) {
    const { host, path, gateways } = destination;
    const claims = around.services(host);
    const [oldest] = claims;
    if (oldest === undefined) {
      yield unregistered(destination, around);
      continue;
    }
    // Sidecars of other namespaces that follow the rule are those of their owners.
    const clients = clientsOf(object, gateways, around).filter(
      (one) => one.gateway !== undefined || one.namespace === own,
    );
    const blind = clients.filter((client) => serviceOf(client, host, around) === undefined);
    if (blind.length > 0) {
      const isSeen = blind.some(({ namespace }) => isVisible(oldest.visibility, namespace));
      const what = isSeen ? 'does not count for' : 'is not exported to';
      const message = `${originOf(oldest)} ${what} ${clientText(blind)}, so that ${host} is not found there`;
      const hint = isSeen ? `annotate Namespace ${oldest.namespace} with ${claimsAnnotation}` : 'widen its exportTo';
      yield about(problem('SP1512', [...path, 'host'], message, hint), originOf(oldest));
      continue;
    }
    const stuck = clients.find(
      (client) => client.gateway !== undefined && serviceOf(client, host, around)?.resolution === 'NONE',
    );
    if (stuck !== undefined) {
      const message =
        `gateway ${stuck.gateway} cannot follow resolution NONE of ${originOf(oldest)}: ` +
        'the address that its callers connected to is its own';
      yield about(
        problem('SP1532', [...path, 'host'], message, 'set resolution: DNS, or DYNAMIC_DNS for wildcards'),
        originOf(oldest),
      );
      continue;
    }
    const [first = { namespace: own, gateway: undefined }] = clients;
    yield* findMissingPort(destination, serviceOf(first, host, around) ?? oldest, around);
  }
}

function serviceOf({ namespace, gateway }: RuleClient, host: string, around: Surroundings): Service | undefined {
  return around.service(host, namespace, gateway === undefined ? 'sidecar' : 'router');
}

function unregistered({ host, path }: RuleDestination, around: Surroundings): CrossFinding {
  const at = [...path, 'host'];
  const [wildcard] = wildcardsAbove(host).flatMap((name) => around.services(name));
  if (wildcard !== undefined) {
    const message = `${host} is registered by the wildcard ${wildcard.host} of ${originOf(wildcard)} alone, which is no destination for it`;
    const hint = `add a ServiceEntry for ${host}, or write ${wildcard.host} as the destination`;
    return about(problem('SP1511', at, message, hint), originOf(wildcard));
  }
  const inside = host.endsWith('.svc.cluster.local');
  const what = inside ? 'Service' : 'ServiceEntry or Service';
  const hint = inside ? 'mend the name, or add the Service' : `add a ServiceEntry for ${host}`;
  if (around.complete) return problem('SP1511', at, `no ${what} has the host ${host}`, hint);
  return warning('SP1511', at, `no ${what} among these files has the host ${host}`, `${hint}, unless the mesh has it`);
}

function* findMissingPort(
  { host, path, port, protocol, ports: asked }: RuleDestination,
  service: Service,
  around: Surroundings,
): Iterable<CrossFinding> {
  const numbers = service.ports.map(({ number }) => number);
  const number = port ?? (numbers.length === 1 ? numbers[0] : asked.length === 1 ? asked[0] : undefined);
  if (number === undefined) return;
  const found = service.ports.find((candidate) => candidate.number === number);
  const at = port === undefined ? [...path, 'host'] : [...path, 'port', 'number'];
  if (found === undefined) {
    const message = `${host} of ${originOf(service)} has no port ${number}; it has ${numbers.join(', ') || 'none'}`;
    yield about(problem('SP1513', at, message, 'write one of its ports, or add this one there'), originOf(service));
    return;
  }
  if (protocol !== 'http' || handlingOf(found.protocol) !== 'tls' || isWildcardHost(host)) return;
  const rules = around.destinationRules(host);
  if (rules.some((rule) => saysTls(rule, number))) return;
  const message = `requests are sent in the clear to port ${number} of ${host}, which ${originOf(service)} calls ${found.protocol}`;
  const hint = `add a DestinationRule for ${host} with tls.mode SIMPLE for port ${number}`;
  yield about(warning('SP1505', at, message, hint), originOf(service));
}
