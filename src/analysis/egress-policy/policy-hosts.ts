// The hosts that an EgressPolicy names, each with its place, and the policy as the mesh has it.
import { normalizeHost } from '../../api/host-name.ts';
import type { EgressPolicy as ApiPolicy } from '../../api/kinds/egress-policy.ts';
import { type EgressPolicy, egressPolicyOrigin } from '../../mesh/egress-policy/egress-policy.ts';
import type { Service, ServicePort } from '../../mesh/service.ts';
import type { Surroundings } from '../surroundings.ts';

export interface PolicyHost {
  readonly host: string;
  /** In `spec.hosts`. */
  readonly index: number;
  /** Undefined where the policy is not applied to the host. */
  readonly policy: EgressPolicy | undefined;
}

export function hostsOf(object: ApiPolicy, around: Surroundings): readonly PolicyHost[] {
  const self = originOfPolicy(object);
  const seen = new Set<string>();
  return object.spec.hosts.flatMap((given, index) => {
    const host = normalizeHost(given) ?? given;
    if (seen.has(host)) return [];
    seen.add(host);
    const policy = around.egressPolicies(host).find((one) => egressPolicyOrigin(one) === self);
    return [{ host, index, policy }];
  });
}

export function originOfPolicy({ metadata: { namespace = '', name } }: ApiPolicy): string {
  return egressPolicyOrigin({ namespace, name });
}

export interface HeldPort {
  readonly port: ServicePort;
  /** Whose meaning of the port counts. */
  readonly holder: Service;
}

/** What workloads of the namespace get for a port of the host. */
export function portAt(around: Surroundings, namespace: string, host: string, number: number): HeldPort | undefined {
  const service = around.service(host, namespace);
  const port = service?.ports.find((one) => one.number === number);
  return service === undefined || port === undefined ? undefined : { port, holder: port.from ?? service };
}
