// egress.sallyport.dev EgressPolicy: one object in place of a ServiceEntry, a DestinationRule, a Gateway, a VirtualService and
// AuthorizationPolicies.
import type { Kind } from '../kind.ts';
import { portsOfPolicy } from './egress-policy-ports.ts';
import { type EgressPolicy, egressPolicySchema } from './egress-policy-schema.ts';
import { validateEgressPolicy } from './egress-policy-validation.ts';

export type { EgressPolicy, EgressPolicyPort, EgressPolicySource, EgressPolicySpec } from './egress-policy-schema.ts';

export const egressPolicyKind: Kind<EgressPolicy> = {
  group: 'egress.sallyport.dev',
  versions: ['v1alpha1'],
  kind: 'EgressPolicy',
  plural: 'egresspolicies',
  singular: 'egresspolicy',
  shortNames: ['egp'],
  namespaced: true,
  schema: egressPolicySchema,
  validate: validateEgressPolicy,
  withDefaults: (policy) => ({
    ...policy,
    spec: { ...policy.spec, ports: portsOfPolicy(policy.spec), mode: policy.spec.mode ?? 'enforce' },
  }),
  columns: [
    { title: 'HOSTS', value: ({ spec: { hosts } }) => hosts.join(',') },
    { title: 'MODE', value: ({ spec: { mode } }) => mode ?? 'enforce' },
    { title: 'GATEWAY', value: ({ spec: { gateway } }) => gateway ?? '' },
    { title: 'EXPIRES', value: ({ spec: { expires } }) => expires ?? '', wide: true },
  ],
};
