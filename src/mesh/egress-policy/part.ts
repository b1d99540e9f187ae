// What all objects that an EgressPolicy stands for have in common: names, and who sees them.
import type { EgressPolicy } from '../../api/kinds/egress-policy.ts';
import type { KubeObject } from '../../api/object.ts';
import { rootNamespace } from '../../api/root-namespace.ts';
import { gatewayOf } from './gateway-name.ts';

/** Of an object that stands for a part of the policy; the first of a kind has the policy's own name. */
export function partOf(
  policy: EgressPolicy,
  apiVersion: string,
  kind: string,
  suffix: string,
  spec: object,
): KubeObject {
  const { name, namespace = 'default', creationTimestamp, uid = '' } = policy.metadata;
  return {
    apiVersion,
    kind,
    metadata: {
      name: suffix === '' ? name : `${name.slice(0, 200)}-${suffix}`,
      namespace,
      ...(creationTimestamp === undefined ? {} : { creationTimestamp }),
      ownerReferences: [{ apiVersion: policy.apiVersion, kind: policy.kind, name, uid, controller: true }],
    },
    spec,
  };
}

export const networking = 'networking.istio.io/v1';

/** Who sees what the policy stands for: whom it is for, and its gateway. */
export function exportOf(policy: EgressPolicy): readonly string[] {
  const { namespace = 'default' } = policy.metadata;
  if (namespace === rootNamespace) return ['*'];
  const gateway = gatewayOf(policy);
  return gateway === undefined || gateway.namespace === namespace ? ['.'] : ['.', gateway.namespace];
}
