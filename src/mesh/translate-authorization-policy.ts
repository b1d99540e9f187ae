// AuthorizationPolicy -> the mesh's form of it. Takes a valid object; one that is not acted on is nobody's.
import { boundToAnnotation } from '../api/annotations.ts';
import { normalizeHost } from '../api/host-name.ts';
import type {
  AuthorizationPolicy as ApiAuthorizationPolicy,
  AuthorizationRule as ApiRule,
} from '../api/kinds/authorization-policy.ts';
import {
  type Attribute,
  attributeOfKey,
  operationAttributes,
  serviceAccountOf,
  sourceAttributes,
} from '../api/kinds/authorization-policy-values.ts';
import type { AuthorizationPolicy, AuthorizationRule, Condition } from './authorization-policy.ts';
import { selectorOf } from './selector.ts';

export function translateAuthorizationPolicy({
  metadata,
  spec = {},
}: ApiAuthorizationPolicy): readonly AuthorizationPolicy[] {
  const { name, namespace = 'default', creationTimestamp = '', annotations = {} } = metadata;
  const { action = 'ALLOW', selector, rules = [] } = spec;
  if (action === 'CUSTOM' || action === 'AUDIT') return [];
  return [
    {
      namespace,
      name,
      createdAt: creationTimestamp,
      workloadSelector: selector === undefined ? undefined : selectorOf(selector.matchLabels ?? {}),
      action,
      boundTo: annotations[boundToAnnotation] === 'outbound' ? 'outbound' : 'inbound',
      rules: rules.map((rule) => translateRule(rule, namespace)),
    },
  ];
}

function translateRule({ from = [], to = [], when = [] }: ApiRule, namespace: string): AuthorizationRule {
  return {
    sources: from.map(({ source }) => conditionsOf(source, sourceAttributes, namespace)),
    operations: to.map(({ operation }) => conditionsOf(operation, operationAttributes, namespace)),
    conditions: when.flatMap(({ key, values = [], notValues = [] }) => {
      // What nobody knows is asked for like what nobody reads.
      const known = attributeOfKey(key) ?? { attribute: 'token' as const };
      return [conditionOf(known, values, notValues, namespace)];
    }),
  };
}

function conditionsOf(
  fields: Readonly<Record<string, readonly string[] | undefined>>,
  attributes: Readonly<Record<string, Attribute>>,
  namespace: string,
): readonly Condition[] {
  return Object.entries(attributes).flatMap(([field, attribute]) => {
    const values = fields[field] ?? [];
    const notValues = fields[negated(field)] ?? [];
    return values.length + notValues.length === 0 ? [] : [conditionOf({ attribute }, values, notValues, namespace)];
  });
}

/** `notPorts` for `ports`. */
function negated(field: string): string {
  return `not${field.charAt(0).toUpperCase()}${field.slice(1)}`;
}

function conditionOf(
  known: Pick<Condition, 'attribute' | 'header'>,
  values: readonly string[],
  notValues: readonly string[],
  namespace: string,
): Condition {
  const normal = (value: string) => normalValue(known.attribute, value, namespace);
  return { ...known, values: values.map(normal), notValues: notValues.map(normal) };
}

function normalValue(attribute: Attribute, value: string, namespace: string): string {
  if (attribute === 'source.serviceAccount') {
    const account = serviceAccountOf(value, namespace);
    return `${account.namespace}/${account.name}`;
  }
  if (attribute !== 'request.host' && attribute !== 'connection.sni') return value;
  return value.includes('*') ? value.toLowerCase() : (normalizeHost(value) ?? value.toLowerCase());
}
