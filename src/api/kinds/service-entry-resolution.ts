// How the hosts of a ServiceEntry become addresses, and what each way asks of hosts and ports.
// Follows the switch over `resolution` in Istio's ValidateServiceEntry.
import { problem, warning } from '../finding.ts';
import { isWildcardHost } from '../host-name.ts';
import type { Finding } from '../kind.ts';
import type { Protocol } from '../protocol.ts';
import type { ServiceEntryFacts } from './service-entry-facts.ts';

export function* checkResolution(facts: ServiceEntryFacts): Iterable<Finding> {
  switch (facts.resolution) {
    case 'NONE':
      return yield* checkNone(facts);
    case 'STATIC':
      return yield* checkStatic(facts);
    case 'DNS':
    case 'DNS_ROUND_ROBIN':
      return yield* checkDns(facts);
    case 'DYNAMIC_DNS':
      return yield* checkDynamicDns(facts);
  }
}

// Istio: the caller's address is followed, so whoever names an allowed host reaches any server; here: the name
// decides and is resolved.
function* checkNone({ spec, trusted }: ServiceEntryFacts): Iterable<Finding> {
  if (trusted || (spec.addresses ?? []).length > 0) return;
  const message = 'resolution NONE without addresses: the host name decides and is resolved here';
  const hint =
    'set resolution: DNS (DYNAMIC_DNS for wildcards), or add addresses; ' +
    "the annotation egress.sallyport.dev/original-destination: trust restores Istio's way, which follows any address";
  yield warning('SP0311', ['spec', 'resolution'], message, hint);
}

function* checkStatic({ spec }: ServiceEntryFacts): Iterable<Finding> {
  if ((spec.endpoints ?? []).length > 0 || spec.workloadSelector !== undefined) return;
  const message = 'resolution STATIC without endpoints reaches nothing';
  yield warning('SP0334', ['spec', 'resolution'], message, 'add endpoints, or use resolution: DNS');
}

function* checkDns({ spec, hosts, resolution }: ServiceEntryFacts): Iterable<Finding> {
  if ((spec.endpoints ?? []).length > 0) return;
  for (const [index, host] of hosts.entries()) {
    if (!isWildcardHost(host)) continue;
    const message = `hosts must be FQDN if no endpoints are provided for resolution mode ${resolution}`;
    yield problem('SP0322', ['spec', 'hosts', index], message, 'use resolution: DYNAMIC_DNS, or name the host');
  }
}

const dynamicProtocols: ReadonlySet<Protocol> = new Set<Protocol>(['HTTP', 'TLS', 'GRPC', 'HTTP2']);

function* checkDynamicDns({ spec, hosts, protocols }: ServiceEntryFacts): Iterable<Finding> {
  for (const [index, host] of hosts.entries()) {
    if (isWildcardHost(host)) continue;
    const message = 'host must be a wildcard for resolution mode DYNAMIC_DNS';
    yield problem('SP0323', ['spec', 'hosts', index], message, 'use resolution: DNS');
  }
  if ((spec.addresses ?? []).length > 0) {
    const message = 'addresses are not allowed for resolution mode DYNAMIC_DNS';
    yield problem('SP0324', ['spec', 'addresses'], message, 'remove them');
  }
  for (const [index, protocol] of protocols.entries()) {
    if (dynamicProtocols.has(protocol)) continue;
    const message = 'only HTTP, TLS, GRPC, and HTTP2 protocols are supported for resolution mode DYNAMIC_DNS';
    const hint = protocol === 'HTTPS' ? 'use TLS' : 'change the protocol';
    yield problem('SP0325', ['spec', 'ports', index, 'protocol'], message, hint);
  }
}
