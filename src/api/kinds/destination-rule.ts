// networking.istio.io DestinationRule: how connections to a host are made once a route has chosen it.
import type { Kind } from '../kind.ts';
import { type DestinationRule, destinationRuleSchema } from './destination-rule-schema.ts';
import { validateDestinationRule } from './destination-rule-validation.ts';

export type { LoadBalancerSettings } from './destination-rule-load-balancer.ts';
export type {
  ConnectionPoolSettings,
  OutlierDetection,
  PortTrafficPolicy,
  TrafficPolicy,
} from './destination-rule-policy.ts';
export type { DestinationRule, DestinationRuleSpec, Subset } from './destination-rule-schema.ts';
export type { ClientTlsSettings } from './destination-rule-tls.ts';

export const destinationRuleKind: Kind<DestinationRule> = {
  group: 'networking.istio.io',
  versions: ['v1', 'v1beta1', 'v1alpha3'],
  kind: 'DestinationRule',
  plural: 'destinationrules',
  singular: 'destinationrule',
  shortNames: ['dr'],
  namespaced: true,
  schema: destinationRuleSchema,
  validate: validateDestinationRule,
  withDefaults(rule) {
    // Istio takes an empty exportTo as the default, and a rule for chosen workloads never leaves its namespace.
    const missing = rule.spec.workloadSelector === undefined ? ['*'] : ['.'];
    const exportTo = rule.spec.exportTo?.length ? rule.spec.exportTo : missing;
    return { ...rule, spec: { ...rule.spec, exportTo } };
  },
  columns: [{ title: 'HOST', value: ({ spec }) => spec.host }],
};
