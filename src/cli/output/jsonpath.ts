// Evaluates kubectl's JSONPath templates on JSON. A missing field gives nothing, as with kubectl's get.
// Invariant: only own properties are read, so `__proto__` and the like find nothing.
import { compares } from './jsonpath-compare.ts';
import { type Filter, type Node, type Operand, parseTemplate, type Step } from './jsonpath-syntax.ts';

/** The text that the template makes of `root`; several values of one path are joined by a space. */
export function renderJsonPath(template: string, root: unknown): string {
  return renderNodes(parseTemplate(template), root);
}

function renderNodes(nodes: readonly Node[], current: unknown): string {
  return nodes.map((node) => renderNode(node, current)).join('');
}

function renderNode(node: Node, current: unknown): string {
  if (node.type === 'text') return node.text;
  const values = select(node.steps, current);
  if (node.type === 'path') return values.map(valueText).join(' ');
  return values.map((value) => renderNodes(node.body, value)).join('');
}

function valueText(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

function select(steps: readonly Step[], root: unknown): readonly unknown[] {
  return steps.reduce<readonly unknown[]>((values, step) => values.flatMap((value) => follow(step, value)), [root]);
}

function follow(step: Step, value: unknown): readonly unknown[] {
  switch (step.type) {
    case 'field':
      return own(value, step.name);
    case 'descend':
      return [value, ...children(value).flatMap((child) => follow(step, child))];
    case 'all':
      return children(value);
    case 'index':
      return Array.isArray(value) && value.at(step.index) !== undefined ? [value.at(step.index)] : [];
    case 'slice': {
      const items: readonly unknown[] = Array.isArray(value) ? value.slice(step.from, step.to) : [];
      return items.filter((_, index) => index % (step.by || 1) === 0);
    }
    case 'union':
      return step.steps.flatMap((part) => follow(part, value));
    case 'filter':
      return (Array.isArray(value) ? value : []).filter((item) => holds(step.filter, item));
  }
}

function holds({ left, comparison }: Filter, item: unknown): boolean {
  const leftValues = operandValues(left, item);
  if (comparison === undefined) return leftValues.length > 0;
  const [right] = operandValues(comparison.right, item);
  return leftValues.some((value) => compares(value, comparison.operator, right));
}

function operandValues(operand: Operand, item: unknown): readonly unknown[] {
  return operand.type === 'literal' ? [operand.value] : select(operand.steps, item);
}

function own(value: unknown, name: string): readonly unknown[] {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return [];
  const found: unknown = Object.getOwnPropertyDescriptor(value, name)?.value;
  return found === undefined ? [] : [found];
}

function children(value: unknown): readonly unknown[] {
  if (Array.isArray(value)) return value;
  return typeof value === 'object' && value !== null ? Object.values(value) : [];
}
