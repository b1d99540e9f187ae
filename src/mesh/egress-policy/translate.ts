// EgressPolicy -> what the mesh knows of it. Takes an object with its defaults filled and valid.
import { expiryTime } from '../../api/expiry.ts';
import { normalizeHost } from '../../api/host-name.ts';
import type { EgressPolicy as ApiPolicy, EgressPolicySource } from '../../api/kinds/egress-policy.ts';
import { parseProtocol } from '../../api/protocol.ts';
import { rootNamespace } from '../../api/root-namespace.ts';
import { selectorOf } from '../selector.ts';
import type { EgressPolicy, PolicySource } from './egress-policy.ts';
import { gatewayOf } from './gateway-name.ts';

export interface PolicyContext {
  /** Milliseconds since 1970. */
  readonly now: number;
  /** Whether no VirtualService of somebody else speaks of the host; the policy is not applied to others. */
  readonly isFree: (host: string) => boolean;
}

export function translateEgressPolicy(policy: ApiPolicy, { now, isFree }: PolicyContext): EgressPolicy {
  const { metadata, spec } = policy;
  const { methods, paths } = spec;
  const namespace = metadata.namespace ?? 'default';
  return {
    namespace,
    name: metadata.name,
    createdAt: metadata.creationTimestamp ?? '',
    meshWide: namespace === rootNamespace,
    sources: spec.from?.map(translateSource),
    hosts: hostsOf(policy).filter(isFree),
    ports: new Map((spec.ports ?? []).map(({ number, protocol }) => [number, parseProtocol(protocol) ?? 'auto'])),
    requests: methods === undefined && paths === undefined ? undefined : { methods, paths },
    mode: spec.mode ?? 'enforce',
    gateway: gatewayOf(policy),
    expired: expiryTime(spec.expires) <= now,
  };
}

/** Normalised, each once. */
export function hostsOf({ spec }: ApiPolicy): readonly string[] {
  return [...new Set(spec.hosts.flatMap((host) => normalizeHost(host) ?? []))];
}

function translateSource({ selector, serviceAccounts, namespaces }: EgressPolicySource): PolicySource {
  return {
    selector: selector === undefined ? undefined : selectorOf(selector.matchLabels ?? {}),
    serviceAccounts,
    namespaces,
  };
}
