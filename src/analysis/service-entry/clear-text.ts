// HTTP that reaches a server's TLS port in the clear: the port is led to 443, and no DestinationRule begins TLS there.
import { warning } from '../../api/finding.ts';
import type { ServiceEntry } from '../../api/kinds/service-entry.ts';
import { handlingOf } from '../../mesh/handling.ts';
import type { CrossFinding } from '../finding.ts';
import type { Surroundings } from '../surroundings.ts';
import { saysTls } from '../tls-policy.ts';
import { servicesOf } from './entry-services.ts';

const tlsPort = 443;

export function* findClearTextToTlsPort(entry: ServiceEntry, around: Surroundings): Iterable<CrossFinding> {
  for (const { service } of servicesOf(entry, around)) {
    for (const [index, { number, protocol, targetPort = number }] of service.ports.entries()) {
      if (handlingOf(protocol) !== 'http' || targetPort !== tlsPort || service.endpoints.length > 0) continue;
      // Whatever the rule says of TLS, DISABLE too: its author has thought of it.
      if (around.destinationRules(service.host).some((rule) => saysTls(rule, number))) continue;
      const message = `requests to port ${number} of ${service.host} reach port ${tlsPort} of the server in the clear`;
      const hint =
        number === tlsPort
          ? `declare protocol HTTPS; or, if the proxy is to begin TLS, add a DestinationRule with tls.mode SIMPLE for the port`
          : `add a DestinationRule for ${service.host} with tls.mode SIMPLE in portLevelSettings of port ${number}`;
      yield warning('SP1505', ['spec', 'ports', index], message, hint);
    }
  }
}
