// TLS within TLS: the application speaks TLS on the port already, and the rule begins it once more (WRONG_VERSION_NUMBER, the
// most common of all mistakes with TLS origination).
import { warning } from '../../api/finding.ts';
import type { DestinationRule as ApiDestinationRule } from '../../api/kinds/destination-rule.ts';
import { completeHost } from '../../mesh/complete-host.ts';
import { handlingOf } from '../../mesh/handling.ts';
import { originOf, type Service } from '../../mesh/service.ts';
import type { VirtualService } from '../../mesh/virtual-service.ts';
import { about, type CrossFinding } from '../finding.ts';
import type { Surroundings } from '../surroundings.ts';
import { begins, tlsOf } from '../tls-policy.ts';

export function* findDoubleTls({ metadata, spec }: ApiDestinationRule, around: Surroundings): Iterable<CrossFinding> {
  const { namespace = '', name } = metadata;
  const host = completeHost(spec.host, namespace);
  if (host === '*') return;
  const rule = around
    .destinationRules(host)
    .find((one) => one.host === host && one.namespace === namespace && one.name === name);
  if (rule === undefined) return;
  for (const service of around.servicesUnder(host)) {
    for (const { number, protocol, targetPort = number } of service.ports) {
      if (handlingOf(protocol) !== 'tls' || !begins(tlsOf(rule, number)) || isGivenClearText(service, number)) continue;
      const message =
        `port ${number} of ${originOf(service)} is ${protocol}: what applications send there is TLS already, ` +
        'and is wrapped in TLS once more';
      const plain = service.ports.find((port) => handlingOf(port.protocol) === 'http');
      const hint =
        plain === undefined
          ? `remove tls for port ${number}; to begin TLS for callers in the clear declare a port with protocol HTTP and targetPort: ${targetPort}`
          : `set tls in portLevelSettings of port ${plain.number} alone`;
      yield about(warning('SP1527', pathOf(number), message, hint), originOf(service));
      break;
    }
  }

  /** A rule for HTTP, or for what a gateway has taken out of its TLS, leads there. */
  function isGivenClearText(service: Service, number: number): boolean {
    return around.routedTo(service.host).some((virtualService) => leadsClearText(virtualService, service, number));
  }

  function pathOf(number: number): readonly (string | number)[] {
    const settings = spec.trafficPolicy?.portLevelSettings ?? [];
    const index = settings.findIndex(({ port }) => port?.number === number);
    const policy = ['spec', 'trafficPolicy'] as const;
    return index < 0 ? [...policy, 'tls'] : [...policy, 'portLevelSettings', index, 'tls'];
  }
}

function leadsClearText({ http, tcp }: VirtualService, { host, ports }: Service, number: number): boolean {
  const routed = http.flatMap(({ action }) => (action.kind === 'route' ? action.destinations : []));
  const passed = tcp.flatMap(({ destinations }) => destinations);
  return [...routed, ...passed].some(({ destination }) => {
    const port = destination.port ?? (ports.length === 1 ? ports[0]?.number : number);
    return destination.host === host && port === number;
  });
}
