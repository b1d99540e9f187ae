// The ports of a ServiceEntry among each other and with its hosts and addresses (validateServiceEntry in Istio).
import { type FieldPath, problem, warning } from '../finding.ts';
import { isWildcardHost } from '../host-name.ts';
import type { Finding } from '../kind.ts';
import { isHttp, isOpaqueTcp, isTls, type Protocol } from '../protocol.ts';
import type { ServiceEntryFacts } from './service-entry-facts.ts';

/** Where redirected connections arrive. */
const ownPorts = [15_001, 15_006];

export function* checkPorts(facts: ServiceEntryFacts): Iterable<Finding> {
  const names = new Set<string>();
  const numbers = new Set<number>();
  const ports = facts.spec.ports ?? [];
  if (ports.length === 0) {
    yield warning('SP0316', ['spec', 'ports'], 'service entry has no ports and so allows nothing', 'add a port');
  }
  for (const [index, port] of ports.entries()) {
    const path = ['spec', 'ports', index];
    if (names.has(port.name)) {
      const message = `service entry port name "${port.name}" already defined`;
      yield problem('SP0313', [...path, 'name'], message, 'give each port a name of its own');
    }
    if (numbers.has(port.number)) {
      const message = `service entry port ${port.number} already defined`;
      yield problem('SP0313', [...path, 'number'], message, 'remove one of them');
    }
    names.add(port.name);
    numbers.add(port.number);
    const protocol = facts.protocols[index];
    if (protocol !== undefined) yield* checkProtocol(facts, protocol, path);
    const byAddress =
      (facts.spec.addresses ?? []).length > 0 && protocol !== undefined && !isHttp(protocol) && protocol !== 'auto';
    if (ownPorts.includes(port.number) && !byAddress) {
      // Istio: a listener that Envoy refuses; here: none.
      const message = `port ${port.number} is one of the proxy itself: connections to it reach nothing`;
      yield warning('SP0340', [...path, 'number'], message, 'use another port and targetPort, or give addresses');
    }
  }
}

function* checkProtocol(facts: ServiceEntryFacts, protocol: Protocol, path: FieldPath): Iterable<Finding> {
  const { hosts, resolution, spec, trusted, givenAddresses } = facts;
  const withAddresses = (spec.addresses ?? []).length > 0;
  if (resolution !== 'NONE' && hosts.length > 1 && !isHttp(protocol) && !isTls(protocol)) {
    const hint = 'write one ServiceEntry for each host, or declare HTTP or TLS';
    yield problem('SP0326', path, 'multiple hosts provided with non-HTTP, non-TLS ports', hint);
  }
  if (withAddresses || resolution === 'DYNAMIC_DNS') return;
  if (isOpaqueTcp(protocol) && resolution === 'NONE' && !trusted && hosts.some(isWildcardHost)) {
    // Istio: follows the caller's address, so the port is open to everywhere; here: nothing could be resolved.
    const message = 'a TCP port says no host, so a wildcard host cannot be resolved for it';
    yield problem('SP0312', path, message, 'add addresses, name the host, or declare TLS or HTTP');
  } else if ((isOpaqueTcp(protocol) || protocol === 'auto') && (!givenAddresses || hosts.some(isWildcardHost))) {
    const message =
      'addresses are required for ports serving TCP (or unset) protocol when IP Autoallocation is not enabled';
    const takes = 'add addresses, or this entry takes all TCP traffic on the port';
    const unheard = protocol === 'auto' ? ', and a server that speaks first is not heard' : '';
    yield warning('SP0310', path, message, `${takes}${unheard}`);
  }
}
