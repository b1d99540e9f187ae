// What can be wrong among the fields of a Sidecar. Follows ValidateSidecar of Istio's pkg/config/validation; messages are
// Istio's, the hint is our mend. Takes an object its schema has accepted.
import { problem, warning } from '../finding.ts';
import { isWildcardHost, normalizeHost } from '../host-name.ts';
import type { Finding } from '../kind.ts';
import { fieldsNotActedOn } from '../not-acted-on.ts';
import { checkConnectionPool } from './destination-rule-policy-validation.ts';
import { isAddress } from './service-entry-hosts.ts';
import { checkEgress, checkIngress } from './sidecar-listeners.ts';
import type { Sidecar, SidecarSpec } from './sidecar-schema.ts';
import { checkDestination } from './virtual-service-destinations.ts';

export function validateSidecar({ spec }: Sidecar): readonly Finding[] {
  const { egress = [], ingress = [], inboundConnectionPool } = spec;
  const poolPath = ['spec', 'inboundConnectionPool'];
  return [
    ...checkContent(spec),
    ...checkSelector(spec.workloadSelector),
    ...checkIngress(ingress, ['spec', 'ingress']),
    ...(inboundConnectionPool === undefined ? [] : checkConnectionPool(inboundConnectionPool, poolPath)),
    ...fieldsNotActedOn(spec, ['spec'], ['inboundConnectionPool']),
    ...checkEgress(egress, ['spec', 'egress']),
    ...checkOutboundPolicy(spec.outboundTrafficPolicy),
  ];
}

function* checkContent(spec: SidecarSpec): Iterable<Finding> {
  const { egress = [], ingress = [], outboundTrafficPolicy, inboundConnectionPool } = spec;
  if (egress.length + ingress.length > 0 || (outboundTrafficPolicy ?? inboundConnectionPool) !== undefined) return;
  yield problem('SP1201', ['spec'], 'sidecar: empty configuration provided', 'add egress or outboundTrafficPolicy');
}

function* checkSelector(selector: SidecarSpec['workloadSelector']): Iterable<Finding> {
  if (selector === undefined || Object.keys(selector.labels ?? {}).length > 0) return;
  const message = 'sidecar: workload selector specified without labels, will be applied to all services in namespace';
  yield warning('SP1210', ['spec', 'workloadSelector'], message, 'add labels, or remove the selector');
}

/** Istio: the mode that is not written is REGISTRY_ONLY, the first of its enum; here too, so it is told. */
function* checkOutboundPolicy(policy: SidecarSpec['outboundTrafficPolicy']): Iterable<Finding> {
  if (policy === undefined) return;
  const path = ['spec', 'outboundTrafficPolicy'];
  const { mode, egressProxy } = policy;
  if (mode === undefined) {
    const message = 'a policy without mode means REGISTRY_ONLY, whatever the mesh allows';
    yield warning('SP1209', path, message, 'write mode: REGISTRY_ONLY, or mode: ALLOW_ANY');
  }
  if (egressProxy === undefined) return;
  const place = [...path, 'egressProxy'];
  if (mode !== 'ALLOW_ANY') {
    const message = 'sidecar: egress_proxy must be set only with ALLOW_ANY outbound_traffic_policy mode';
    yield problem('SP1211', place, message, 'add mode: ALLOW_ANY, or remove egressProxy');
  }
  if (!isFullName(normalizeHost(egressProxy.host) ?? '')) {
    const hint = 'write the whole name, such as proxy.default.svc.cluster.local';
    yield problem('SP1211', [...place, 'host'], 'the host of an egress proxy must be a full name', hint);
  } else yield* checkDestination(egressProxy, place);
  if (egressProxy.port?.number === undefined) {
    const message = 'sidecar: egress_proxy port must be non-nil';
    yield problem('SP1211', [...place, 'port'], message, 'add port.number');
  }
}

function isFullName(host: string): boolean {
  return host.includes('.') && !isWildcardHost(host) && !isAddress(host);
}
