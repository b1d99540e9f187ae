// The label selector of a workload (apps/v1): labels that must be equal, and expressions. All parts must hold.
import { z } from 'zod';
import { problem } from '../finding.ts';
import type { Immutable } from '../immutable.ts';
import type { Finding } from '../kind.ts';
import { labelMap } from '../metadata.ts';
import { checked, textList } from '../schema-parts.ts';

const expression = checked(
  z.strictObject({
    key: z.string(),
    operator: z.enum(['In', 'NotIn', 'Exists', 'DoesNotExist']),
    values: textList.exactOptional(),
  }),
  function* ({ operator, values = [] }): Iterable<Finding> {
    const takesValues = operator === 'In' || operator === 'NotIn';
    if (takesValues === values.length > 0) return;
    yield problem('SP0109', ['values'], takesValues ? `${operator} needs values` : `${operator} takes no values`);
  },
);

export const labelSelectorSchema = z.strictObject({
  matchLabels: labelMap.exactOptional(),
  matchExpressions: z.array(expression).exactOptional(),
});

export type LabelSelector = Immutable<z.infer<typeof labelSelectorSchema>>;

export function selectorMatches(selector: LabelSelector, labels: Readonly<Record<string, string>>): boolean {
  const given = new Map(Object.entries(labels));
  const equal = Object.entries(selector.matchLabels ?? {}).every(([key, value]) => given.get(key) === value);
  return equal && (selector.matchExpressions ?? []).every((part) => expressionMatches(part, given));
}

/** `app=echo,tier in (web)`; `<none>` for one that is empty. */
export function formatSelector({ matchLabels = {}, matchExpressions = [] }: LabelSelector): string {
  const equal = Object.entries(matchLabels).map(([key, value]) => `${key}=${value}`);
  return [...equal, ...matchExpressions.map(formatExpression)].join(',') || '<none>';
}

type Expression = NonNullable<LabelSelector['matchExpressions']>[number];

function expressionMatches({ key, operator, values = [] }: Expression, labels: ReadonlyMap<string, string>): boolean {
  const value = labels.get(key);
  switch (operator) {
    case 'In':
      return value !== undefined && values.includes(value);
    case 'NotIn':
      return value === undefined || !values.includes(value);
    case 'Exists':
      return value !== undefined;
    case 'DoesNotExist':
      return value === undefined;
  }
}

function formatExpression({ key, operator, values = [] }: Expression): string {
  if (operator === 'Exists') return key;
  return operator === 'DoesNotExist' ? `!${key}` : `${key} ${operator.toLowerCase()} (${values.join(',')})`;
}
