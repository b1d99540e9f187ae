// What the rules of an AuthorizationPolicy ask for, with the place of every list of values.
import { boundToAnnotation } from '../../api/annotations.ts';
import type { FieldPath } from '../../api/finding.ts';
import type { AuthorizationPolicy, AuthorizationRule, RuleCondition } from '../../api/kinds/authorization-policy.ts';
import {
  type Attribute,
  attributeOfKey,
  operationAttributes,
  sourceAttributes,
} from '../../api/kinds/authorization-policy-values.ts';

export interface AskedValues {
  readonly attribute: Attribute;
  /** As its author wrote it: `principals`, `request.headers[x-team]`. */
  readonly name: string;
  readonly path: FieldPath;
  readonly values: readonly string[];
  /** They are what is excepted. */
  readonly negated: boolean;
}

export interface AskedRule {
  /** Of all sources, and of conditions. */
  readonly who: readonly AskedValues[];
  /** Of each operation, with those conditions that must hold beside it. */
  readonly what: readonly (readonly AskedValues[])[];
}

export function isOutbound({ metadata }: AuthorizationPolicy): boolean {
  return metadata.annotations?.[boundToAnnotation] === 'outbound';
}

export function askedRules({ spec }: AuthorizationPolicy): readonly AskedRule[] {
  return (spec?.rules ?? []).map((rule, index) => askedIn(rule, ['spec', 'rules', index]));
}

function askedIn({ from = [], to = [], when = [] }: AuthorizationRule, path: FieldPath): AskedRule {
  const conditions = when.flatMap((condition, index) => askedWhen(condition, [...path, 'when', index]));
  const isOfCaller = ({ attribute }: AskedValues) => attribute.startsWith('source.') || attribute === 'remote.ip';
  const sources = from.flatMap(({ source }, index) =>
    askedFields(source, sourceAttributes, [...path, 'from', index, 'source']),
  );
  const operations = to.map(({ operation }, index) =>
    askedFields(operation, operationAttributes, [...path, 'to', index, 'operation']),
  );
  const common = conditions.filter((one) => !isOfCaller(one));
  return {
    who: [...sources, ...conditions.filter(isOfCaller)],
    what: (operations.length === 0 ? [[]] : operations).map((fields) => [...fields, ...common]),
  };
}

function askedFields(
  fields: Readonly<Record<string, readonly string[] | undefined>>,
  attributes: Readonly<Record<string, Attribute>>,
  path: FieldPath,
): readonly AskedValues[] {
  return Object.entries(attributes).flatMap(([field, attribute]) =>
    [
      { name: field, negated: false },
      { name: `not${field.charAt(0).toUpperCase()}${field.slice(1)}`, negated: true },
    ].flatMap(({ name, negated }) => {
      const values = fields[name] ?? [];
      return values.length === 0 ? [] : [{ attribute, name, path: [...path, name], values, negated }];
    }),
  );
}

function askedWhen({ key, values = [], notValues = [] }: RuleCondition, path: FieldPath): readonly AskedValues[] {
  const attribute = attributeOfKey(key)?.attribute;
  if (attribute === undefined) return [];
  return [
    { values, negated: false, path: [...path, 'values'] },
    { values: notValues, negated: true, path: [...path, 'notValues'] },
  ].flatMap((one) => (one.values.length === 0 ? [] : [{ attribute, name: key, ...one }]));
}
