// Rules for a protocol that the host does not speak: HTTP rules of a host that has TLS ports alone are never asked, since a
// sidecar does not see into TLS, and the other way round.
import { warning } from '../../api/finding.ts';
import type { VirtualService } from '../../api/kinds/virtual-service.ts';
import { completeHost } from '../../mesh/complete-host.ts';
import { type Handling, handlingOf } from '../../mesh/handling.ts';
import { originOf } from '../../mesh/service.ts';
import { meshGateway } from '../../mesh/virtual-service.ts';
import { someOf } from '../../platform/some-of.ts';
import { about, type CrossFinding } from '../finding.ts';
import type { Surroundings } from '../surroundings.ts';
import { boundGateways } from './rule-destinations.ts';

const fitting = {
  http: ['http', 'auto'],
  tls: ['tls'],
  tcp: ['tcp', 'auto'],
} as const satisfies Record<string, readonly Handling[]>;

const mends = {
  http: 'write tls rules with sniHosts; time-outs, retries and paths need HTTP in the clear',
  tls: 'write http rules, or declare the port HTTPS or TLS',
  tcp: 'write rules for the protocol of its ports',
} as const;

export function* findUnfitRules(object: VirtualService, around: Surroundings): Iterable<CrossFinding> {
  const gateways = boundGateways(object);
  if (gateways.some((gateway) => gateway !== meshGateway)) return;
  const { namespace = '' } = object.metadata;
  const hosts = (object.spec.hosts ?? []).map((host) => completeHost(host, namespace));
  const services = hosts.flatMap((host) => around.service(host, namespace) ?? []);
  const [service] = services;
  // Port 80 is served for hosts that nobody registered, too.
  if (service === undefined || services.length < hosts.length) return;
  const ports = services.flatMap((one) => one.ports);
  for (const protocol of ['http', 'tls', 'tcp'] as const) {
    if ((object.spec[protocol] ?? []).length === 0) continue;
    const fit: readonly Handling[] = fitting[protocol];
    if (ports.some((port) => fit.includes(handlingOf(port.protocol)))) continue;
    const all = [...new Set(ports.map(({ number, protocol: spoken }) => `${number} ${spoken}`))];
    const message = `no port of ${someOf(hosts)} is for ${protocol} rules: ${originOf(service)} has ${someOf(all) || 'none'}`;
    yield about(warning('SP1521', ['spec', protocol], message, mends[protocol]), originOf(service));
  }
}
