// What can be wrong among the fields of a ServiceEntry. Follows ValidateServiceEntry of Istio's
// pkg/config/validation; messages are Istio's, the hint is our mend. Takes an entry its schema has accepted.
import { checkAnnotatedExpiry } from '../expiry.ts';
import { problem, warning } from '../finding.ts';
import { type IpRange, isSingleAddress, parseIpRange } from '../ip-range.ts';
import type { Finding } from '../kind.ts';
import { isOpaqueTcp } from '../protocol.ts';
import { checkOriginalDestination } from './original-destination.ts';
import { checkEndpoints } from './service-entry-endpoints.ts';
import { checkExportTo } from './service-entry-export.ts';
import { factsOf, type ServiceEntryFacts } from './service-entry-facts.ts';
import { checkHosts } from './service-entry-hosts.ts';
import { checkPorts } from './service-entry-ports.ts';
import { checkResolution } from './service-entry-resolution.ts';
import type { ServiceEntry } from './service-entry-schema.ts';

export function validateServiceEntry(entry: ServiceEntry): readonly Finding[] {
  const facts = factsOf(entry);
  return [
    ...checkHosts(facts.spec.hosts, facts.spec.addresses ?? []),
    ...checkAddresses(facts),
    ...checkPorts(facts),
    ...checkSelector(facts),
    ...checkResolution(facts),
    ...checkEndpoints(facts),
    ...checkExportTo(facts.spec.exportTo ?? [], entry.metadata.namespace),
    ...checkOriginalDestination(entry.metadata),
    ...checkAnnotatedExpiry('SP0336', entry.metadata),
  ];
}

const narrowest = { 4: 8, 6: 16 } as const;

function* checkAddresses({ spec, resolution, hosts, protocols }: ServiceEntryFacts): Iterable<Finding> {
  const ranged = resolution === 'NONE' || resolution === 'STATIC';
  const byAddress = protocols.some((protocol) => isOpaqueTcp(protocol) || protocol === 'auto');
  for (const [index, text] of (spec.addresses ?? []).entries()) {
    const range = parseIpRange(text);
    if (range === undefined) continue;
    const path = ['spec', 'addresses', index];
    if (!ranged && range.cidr && !isSingleAddress(range)) {
      const message = 'CIDR addresses are allowed only for NONE/STATIC resolution types';
      yield problem('SP0308', path, message, 'write single addresses, or remove them and let the names be resolved');
    }
    if (byAddress && isTooWide(range)) {
      // Istio: accepted, and opens that port to everywhere; here: refused.
      const message = `a TCP port for ${text} opens it to ${range.prefix === 0 ? 'every address' : 'far too many addresses'}`;
      const hint = `name the hosts, or ranges of at least /${narrowest[range.family]}`;
      yield problem('SP0309', path, message, hint);
    }
  }
  if ((resolution === 'DNS' || resolution === 'DNS_ROUND_ROBIN') && hosts.length > 1) {
    if ((spec.addresses ?? []).length > 0 && protocols.some(isOpaqueTcp)) {
      const message =
        'service entry can not have more than one host specified simultaneously with address and tcp port';
      yield warning('SP0327', ['spec', 'hosts'], message, 'write one ServiceEntry for each host');
    }
  }
}

// Two halves of all addresses are all addresses too, so it is not only a prefix of 0 that is too wide.
function isTooWide(range: IpRange): boolean {
  return range.prefix < narrowest[range.family];
}

function* checkSelector({ spec, resolution }: ServiceEntryFacts): Iterable<Finding> {
  const selector = spec.workloadSelector;
  if (selector === undefined) return;
  const path = ['spec', 'workloadSelector'];
  if ((spec.endpoints ?? []).length > 0) {
    const message = 'only one of WorkloadSelector or Endpoints is allowed in Service Entry';
    yield problem('SP0328', path, message, 'remove one of them');
  }
  if (Object.keys(selector.labels ?? {}).length === 0) {
    const message =
      'service entry: workload selector specified without labels, will be applied to all services in namespace';
    yield warning('SP0329', path, message, 'add labels');
  }
  if (resolution === 'NONE' || resolution === 'DYNAMIC_DNS') {
    const message = `workloadSelector should not be set when resolution mode is ${resolution}`;
    yield warning('SP0330', path, message, 'use resolution: STATIC');
  }
}
