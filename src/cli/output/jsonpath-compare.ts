// Comparing values in a JSONPath filter. Values of different types are only unequal.

export type Operator = '==' | '!=' | '<' | '<=' | '>' | '>=';

/** Whether `left operator right` holds. */
export function compares(left: unknown, operator: Operator, right: unknown): boolean {
  if (operator === '==') return left === right;
  if (operator === '!=') return left !== right;
  if (typeof left === 'number' && typeof right === 'number') return ordered(left - right, operator);
  if (typeof left !== 'string' || typeof right !== 'string') return false;
  return ordered(left < right ? -1 : Number(left > right), operator);
}

function ordered(difference: number, operator: '<' | '<=' | '>' | '>='): boolean {
  if (difference === 0) return operator === '<=' || operator === '>=';
  return operator.startsWith(difference < 0 ? '<' : '>');
}
