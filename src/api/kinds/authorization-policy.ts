// security.istio.io AuthorizationPolicy: who may ask what of the chosen workloads; bound to their outbound side by an
// annotation, what they may ask of others.
import { boundToAnnotation } from '../annotations.ts';
import type { Kind } from '../kind.ts';
import { type AuthorizationPolicy, authorizationPolicySchema } from './authorization-policy-schema.ts';
import { validateAuthorizationPolicy } from './authorization-policy-validation.ts';

export type {
  AuthorizationPolicy,
  AuthorizationPolicySpec,
  AuthorizationRule,
  RuleCondition,
  RuleOperation,
  RuleSource,
} from './authorization-policy-schema.ts';

export const authorizationPolicyKind: Kind<AuthorizationPolicy> = {
  group: 'security.istio.io',
  versions: ['v1', 'v1beta1'],
  kind: 'AuthorizationPolicy',
  plural: 'authorizationpolicies',
  singular: 'authorizationpolicy',
  shortNames: ['ap'],
  namespaced: true,
  schema: authorizationPolicySchema,
  validate: validateAuthorizationPolicy,
  withDefaults: (policy) => ({ ...policy, spec: { ...policy.spec, action: policy.spec?.action ?? 'ALLOW' } }),
  columns: [
    { title: 'ACTION', value: ({ spec }) => spec?.action ?? 'ALLOW' },
    { title: 'RULES', value: ({ spec }) => String(spec?.rules?.length ?? 0) },
    { title: 'BOUND TO', wide: true, value: isOutbound },
  ],
};

function isOutbound({ metadata }: AuthorizationPolicy): string {
  return metadata.annotations?.[boundToAnnotation] === 'outbound' ? 'outbound' : 'inbound';
}
