// The endpoints of a ServiceEntry: where a STATIC host is, or where a DNS host is asked for instead.
// Follows the endpoint checks of Istio's ValidateServiceEntry.
import { type FieldPath, problem } from '../finding.ts';
import { isWildcardHost, normalizeHost } from '../host-name.ts';
import { parseIpRange } from '../ip-range.ts';
import type { Finding } from '../kind.ts';
import { shorten } from '../schema-messages.ts';
import type { ServiceEntryFacts } from './service-entry-facts.ts';
import { isAddress } from './service-entry-hosts.ts';
import type { ServiceEntryEndpoint } from './service-entry-schema.ts';
import { checkUnixAddress, notActedOnOfWorkload, unixPrefix } from './workload-entry-validation.ts';

/** Envoy adds up the weights of a host in 32 bits. */
const largestWeight = 2 ** 32 - 1;

export function* checkEndpoints(facts: ServiceEntryFacts): Iterable<Finding> {
  const endpoints = facts.spec.endpoints ?? [];
  if (endpoints.length === 0) return;
  const path = ['spec', 'endpoints'];
  if (facts.resolution === 'NONE') {
    const message = 'no endpoints should be provided for resolution type none';
    yield problem('SP0317', path, message, 'use resolution: STATIC or DNS');
  } else if (facts.resolution === 'DYNAMIC_DNS') {
    const message = 'no endpoints should be provided for resolution mode DYNAMIC_DNS';
    yield problem('SP0317', path, message, 'remove them');
  } else {
    if (facts.resolution === 'DNS_ROUND_ROBIN' && endpoints.length > 1) {
      const message = 'there must only be 0 or 1 endpoint for resolution mode DNS_ROUND_ROBIN';
      yield problem('SP0321', path, message, 'use resolution: DNS');
    }
    for (const [index, endpoint] of endpoints.entries()) yield* checkEndpoint(facts, endpoint, [...path, index]);
    if (endpoints.reduce((sum, { weight = 1 }) => sum + Math.max(1, weight), 0) > largestWeight) {
      yield problem(
        'SP0341',
        path,
        'the weights add up to more than 32 bits hold',
        'give them weights such as 90 and 10',
      );
    }
  }
}

function* checkEndpoint(facts: ServiceEntryFacts, endpoint: ServiceEntryEndpoint, path: FieldPath): Iterable<Finding> {
  const address = endpoint.address ?? '';
  const ports = facts.spec.ports ?? [];
  yield* checkAddress(facts, address, [...path, 'address']);
  yield* notActedOnOfWorkload(endpoint, path);
  if (address.startsWith(unixPrefix)) {
    if (ports.length !== 1 || Object.keys(endpoint.ports ?? {}).length > 0) {
      const hint = 'give the entry one port, and the endpoint none';
      yield problem('SP0320', path, 'exactly 1 service port required for unix endpoints', hint);
    }
    return;
  }
  for (const name of Object.keys(endpoint.ports ?? {})) {
    if (ports.some((port) => port.name === name)) continue;
    const message = `endpoint port ${shorten(name)} is not defined by the service entry`;
    yield problem('SP0319', [...path, 'ports', name], message, 'use a name from spec.ports');
  }
}

function* checkAddress({ resolution }: ServiceEntryFacts, address: string, path: FieldPath): Iterable<Finding> {
  const range = parseIpRange(address);
  if (range !== undefined && !range.cidr) return;
  if (resolution === 'STATIC') {
    if (address.startsWith(unixPrefix)) {
      yield* checkUnixAddress(address, path, 'SP0318');
      return;
    }
    const message = `endpoint address "${shorten(address)}" is not a valid IP address`;
    yield problem('SP0318', path, message, 'write an IP address, or use resolution: DNS for a name');
    return;
  }
  const host = normalizeHost(address);
  if (host !== undefined && !isWildcardHost(host) && !isAddress(host)) return;
  const message = `endpoint address "${shorten(address)}" is not a valid FQDN or an IP address`;
  yield problem('SP0318', path, message, 'write a DNS name or an IP address');
}
