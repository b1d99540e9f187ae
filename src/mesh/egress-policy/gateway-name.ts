// The gateway that an EgressPolicy names: a MeshGateway of its own namespace, or `namespace/name`.
import type { EgressPolicy } from '../../api/kinds/egress-policy.ts';

export interface GatewayName {
  readonly namespace: string;
  readonly name: string;
}

/** Undefined: traffic leaves from the sidecars. */
export function gatewayOf({ metadata, spec }: EgressPolicy): GatewayName | undefined {
  if (spec.gateway === undefined) return undefined;
  const [first = '', second] = spec.gateway.split('/');
  if (second !== undefined) return { namespace: first, name: second };
  return { namespace: metadata.namespace ?? 'default', name: first };
}
