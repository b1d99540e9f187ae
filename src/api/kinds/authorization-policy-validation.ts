// What can be wrong among the fields of an AuthorizationPolicy. Follows ValidateAuthorizationPolicy of Istio's
// pkg/config/validation. Takes an object its schema has accepted.
// Invariant: what cannot be judged here is refused where it would deny, and never matches where it would allow.
import { boundToAnnotation } from '../annotations.ts';
import { type FieldPath, problem, warning } from '../finding.ts';
import type { Finding } from '../kind.ts';
import { shorten } from '../schema-messages.ts';
import type {
  AuthorizationPolicy,
  AuthorizationPolicySpec,
  AuthorizationRule,
  RuleCondition,
} from './authorization-policy-schema.ts';
import {
  type Attribute,
  attributeOfKey,
  checkValue,
  conditionKeys,
  operationAttributes,
  sourceAttributes,
} from './authorization-policy-values.ts';

interface Setting {
  readonly denies: boolean;
  readonly outbound: boolean;
}

export function validateAuthorizationPolicy({ metadata, spec = {} }: AuthorizationPolicy): readonly Finding[] {
  const bound = metadata.annotations?.[boundToAnnotation];
  const setting = { denies: spec.action === 'DENY', outbound: bound === 'outbound' };
  const rules = spec.rules ?? [];
  return [
    ...checkBinding(bound),
    ...checkAction(spec),
    ...checkTargets(spec),
    ...rules.flatMap((rule, index) => [...checkRule(rule, ['spec', 'rules', index], setting)]),
  ];
}

function* checkBinding(bound: string | undefined): Iterable<Finding> {
  if (bound === undefined || bound === 'inbound' || bound === 'outbound') return;
  const path = ['metadata', 'annotations', boundToAnnotation];
  const hint = 'write outbound for what leaves the workloads, or remove the annotation';
  yield problem('SP1809', path, `${shorten(bound)} is no side of a workload`, hint);
}

function* checkAction({ action = 'ALLOW', rules, provider }: AuthorizationPolicySpec): Iterable<Finding> {
  const path = ['spec', 'action'];
  if (action === 'CUSTOM') {
    yield problem('SP1801', path, 'CUSTOM asks an external authorizer, and there is none here', 'use ALLOW or DENY');
  } else if (action === 'AUDIT') {
    const hint = 'use ALLOW or DENY; what is denied is told by `sallyport decisions`';
    yield problem('SP1801', path, 'AUDIT asks for a record of what is let through, which is not made here', hint);
  } else if (provider !== undefined) {
    const message = `\`provider\` must not be with non CUSTOM action, found ${action}`;
    yield problem('SP1801', ['spec', 'provider'], message, 'remove it');
  }
  if (action !== 'DENY' || (rules ?? []).length > 0) return;
  const message = 'DENY action without `rules` is meaningless as it will never be triggered';
  yield problem(
    'SP1803',
    ['spec', 'rules'],
    message,
    'add an empty rule `{}` if you want it be triggered for every request',
  );
}

function* checkTargets({ selector, targetRef, targetRefs }: AuthorizationPolicySpec): Iterable<Finding> {
  if (selector !== undefined && Object.keys(selector.matchLabels ?? {}).length === 0) {
    const hint = 'leave `selector` out for all workloads of the namespace, or add matchLabels';
    yield problem('SP1808', ['spec', 'selector'], 'a selector without labels says nothing', hint);
  }
  for (const [field, value] of [
    ['targetRef', targetRef],
    ['targetRefs', targetRefs],
  ] as const) {
    if (value === undefined) continue;
    const message = `${field} binds to waypoints and Gateways of the Gateway API, which are not here`;
    yield problem('SP1810', ['spec', field], message, 'choose workloads by `selector`');
  }
}

function* checkRule({ from, to, when }: AuthorizationRule, path: FieldPath, setting: Setting): Iterable<Finding> {
  for (const [field, list] of [
    ['from', from],
    ['to', to],
    ['when', when],
  ] as const) {
    if (list?.length !== 0) continue;
    yield problem('SP1802', [...path, field], `\`${field}\` cannot be empty`, 'remove it, or say what it asks for');
  }
  for (const [index, { source }] of (from ?? []).entries()) {
    const place = [...path, 'from', index, 'source'];
    yield* checkFields(source, sourceAttributes, place, setting);
    const { serviceAccounts, notServiceAccounts } = source;
    const named = serviceAccounts ?? notServiceAccounts;
    const others = source.principals ?? source.notPrincipals ?? source.namespaces ?? source.notNamespaces;
    if (named === undefined || others === undefined) continue;
    const message = 'serviceAccounts cannot be set with principals or namespaces';
    yield problem('SP1802', place, message, 'write namespace/name in serviceAccounts alone');
  }
  for (const [index, { operation }] of (to ?? []).entries()) {
    yield* checkFields(operation, operationAttributes, [...path, 'to', index, 'operation'], setting);
  }
  for (const [index, condition] of (when ?? []).entries()) {
    yield* checkCondition(condition, [...path, 'when', index], setting);
  }
}

function* checkFields(
  fields: Readonly<Record<string, readonly string[] | undefined>>,
  attributes: Readonly<Record<string, Attribute>>,
  path: FieldPath,
  setting: Setting,
): Iterable<Finding> {
  const listed = Object.entries(attributes).flatMap(([name, attribute]) => [
    { name, attribute },
    { name: `not${name.charAt(0).toUpperCase()}${name.slice(1)}`, attribute },
  ]);
  if (listed.every(({ name }) => fields[name] === undefined)) {
    yield problem('SP1802', path, `\`${String(path.at(-1))}\` cannot be empty`, 'say what it asks for, or remove it');
  }
  for (const { name, attribute } of listed) {
    const values = fields[name];
    if (values !== undefined) yield* checkValues(attribute, name, values, [...path, name], setting);
  }
}

function* checkCondition(
  { key, values, notValues }: RuleCondition,
  path: FieldPath,
  setting: Setting,
): Iterable<Finding> {
  const known = attributeOfKey(key);
  if (known === undefined) {
    const message = key === '' ? '`key` cannot be empty' : `unknown attribute: ${shorten(key)}`;
    yield problem('SP1806', [...path, 'key'], message, `use one of ${conditionKeys.join(', ')}`);
    return;
  }
  if (values === undefined && notValues === undefined) {
    const message = `at least one of \`values\` or \`notValues\` must be set for key ${shorten(key)}`;
    yield problem('SP1806', path, message, 'say what it is to be');
  }
  if (values !== undefined) yield* checkValues(known.attribute, key, values, [...path, 'values'], setting);
  if (notValues !== undefined) yield* checkValues(known.attribute, key, notValues, [...path, 'notValues'], setting);
}

function* checkValues(
  attribute: Attribute,
  name: string,
  values: readonly string[],
  path: FieldPath,
  { denies, outbound }: Setting,
): Iterable<Finding> {
  if (values.length === 0) {
    yield problem('SP1802', path, `\`${shorten(name)}\` cannot be empty`, 'name some, or remove it');
  }
  if (attribute === 'token') {
    const message = `${shorten(name)} asks for a token (JWT), which is not read here`;
    const consequence = denies ? 'nothing would be denied by it' : 'this rule allows nothing';
    const finding = denies ? problem : warning;
    yield finding('SP1807', path, `${message}: ${consequence}`, 'ask for principals, or remove it');
    return;
  }
  if (outbound && (attribute === 'source.ip' || attribute === 'remote.ip')) {
    const message = `${shorten(name)} says nothing of what leaves a workload: it is the workload itself that asks`;
    yield problem('SP1809', path, message, 'choose the workloads by `selector`, principals or serviceAccounts');
    return;
  }
  for (const [index, value] of values.entries()) yield* checkValue(attribute, value, [...path, index]);
}
