// Ports on which nothing tells this host's connections from those of another: TCP without addresses takes whatever names
// nobody, and of two such services, or two with one address, the older has all (istio-semantics 1.3, 11.1–11.3).
import { problem, warning } from '../../api/finding.ts';
import type { ServiceEntry } from '../../api/kinds/service-entry.ts';
import { handlingOf } from '../../mesh/handling.ts';
import { compareAge, originOf, type Service, type ServicePort } from '../../mesh/service.ts';
import { someOf } from '../../platform/some-of.ts';
import { about, type CrossFinding } from '../finding.ts';
import { isCatcher } from '../service-index.ts';
import type { Surroundings } from '../surroundings.ts';
import { isOfSameObject, meet, named, servicesOf } from './entry-services.ts';

const addressHint = 'give it spec.addresses, or another port';

export function* findIndistinctPorts(entry: ServiceEntry, around: Surroundings): Iterable<CrossFinding> {
  for (const { service } of servicesOf(entry, around)) {
    for (const [index, port] of service.ports.entries()) {
      const path = ['spec', 'ports', index];
      if (isCatcher(service, port)) yield* findCaught(service, port, path, around);
      else yield* findSharedAddress(service, port, path, around);
    }
  }
}

function* findCaught(
  service: Service,
  { number, protocol }: ServicePort,
  path: readonly (string | number)[],
  around: Surroundings,
): Iterable<CrossFinding> {
  const detected = protocol === 'auto';
  const what = detected ? 'connections that are not HTTP' : 'connections';
  const [first] = rivals(service, around.catchers(number)).filter((other) => compareAge(other, service) < 0);
  if (first !== undefined) {
    const message = `${what} to port ${number} all go to ${named(first)}, which comes first: neither has addresses`;
    const tell = detected ? warning : problem;
    yield about(tell('SP1503', path, message, `${addressHint}; the other too`), originOf(first));
    return;
  }
  const others = rivals(service, around.servicesOnPort(number))
    .filter((other) => isToldApart(other, number))
    .sort((a, b) => Number(b.external) - Number(a.external));
  if (others.length === 0) return;
  const message =
    `without addresses ${service.host} takes all ${what} to port ${number} that name no other host; ` +
    `the port is also that of ${someOf(others.map(named))}, and a server that speaks first is not heard on it`;
  yield about(warning('SP1502', path, message, addressHint), ...others.slice(0, 3).map(originOf));
}

function rivals(service: Service, others: readonly Service[]): readonly Service[] {
  return others.filter(
    (other) => !isOfSameObject(other, service) && other.host !== service.host && meet(other, service),
  );
}

/** By Host or SNI. */
function isToldApart({ ports, addresses }: Service, number: number): boolean {
  return ports.some((port) => {
    const handling = handlingOf(port.protocol);
    return port.number === number && (handling === 'http' || (handling === 'tls' && addresses.length === 0));
  });
}

function* findSharedAddress(
  service: Service,
  { number, protocol }: ServicePort,
  path: readonly (string | number)[],
  around: Surroundings,
): Iterable<CrossFinding> {
  const handling = handlingOf(protocol);
  if (handling === 'http' || handling === 'none') return;
  for (const address of service.addresses) {
    const older = rivals(service, around.servicesAt(address, number)).find(
      (other) => compareAge(other, service) < 0 && takesAddress(other, number),
    );
    if (older === undefined) continue;
    const message = `connections to ${address}:${number} go to ${named(older)}, which comes first and has the same address`;
    yield about(problem('SP1504', path, message, 'give each its own address or port'), originOf(older));
  }
}

function takesAddress({ ports }: Service, number: number): boolean {
  return ports.some((port) => port.number === number && !['http', 'none'].includes(handlingOf(port.protocol)));
}
