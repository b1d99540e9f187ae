// Parses kubectl's JSONPath templates: text with expressions in braces. The subset that kubectl documents:
// fields, `..`, `*`, `[i]`, `[a:b:c]`, `['k']`, unions, `[?(@.a=="b")]`, `{range …}…{end}`, quoted text.
import { SallyportError } from '../../platform/errors.ts';
import type { Operator } from './jsonpath-compare.ts';

export type Step =
  | { readonly type: 'field'; readonly name: string }
  | { readonly type: 'descend' }
  | { readonly type: 'all' }
  | { readonly type: 'index'; readonly index: number }
  | { readonly type: 'slice'; readonly from?: number; readonly to?: number; readonly by?: number }
  | { readonly type: 'union'; readonly steps: readonly Step[] }
  | { readonly type: 'filter'; readonly filter: Filter };

export type Operand =
  | { readonly type: 'path'; readonly steps: readonly Step[] }
  | { readonly type: 'literal'; readonly value: string | number | boolean };

export interface Filter {
  readonly left: Operand;
  /** Absent: the left side only has to be there. */
  readonly comparison?: { readonly operator: Operator; readonly right: Operand };
}

export type Node =
  | { readonly type: 'text'; readonly text: string }
  | { readonly type: 'path'; readonly steps: readonly Step[] }
  | { readonly type: 'range'; readonly steps: readonly Step[]; readonly body: readonly Node[] };

/** Throws SallyportError `SP_JSONPATH` (wrong usage) that names the part. A template without braces is one path. */
export function parseTemplate(template: string): readonly Node[] {
  const open: { readonly steps: readonly Step[]; readonly body: Node[] }[] = [{ steps: [], body: [] }];
  for (const part of splitTemplate(template.includes('{') ? template : `{${template}}`)) {
    const current = open.at(-1);
    if (current === undefined) throw syntaxError(template, '{end} without {range}');
    if (part.type === 'text') current.body.push({ type: 'text', text: part.text });
    else if (/^range\s/.test(part.text)) open.push({ steps: parsePath(part.text.slice(5).trim()), body: [] });
    else if (part.text === 'end') {
      open.pop();
      const outer = open.at(-1);
      if (outer === undefined) throw syntaxError(template, '{end} without {range}');
      outer.body.push({ type: 'range', ...current });
    } else current.body.push(...parseExpression(part.text));
  }
  const [root, unclosed] = open;
  if (root === undefined || unclosed !== undefined) throw syntaxError(template, '{range} without {end}');
  return root.body;
}

interface Part {
  readonly type: 'text' | 'expression';
  readonly text: string;
}

const quoted = String.raw`"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'`;
const partPattern = new RegExp(String.raw`([^{]+)|\{((?:${quoted}|[^}"'])*)\}`, 'y');

function splitTemplate(template: string): readonly Part[] {
  const parts: Part[] = [];
  partPattern.lastIndex = 0;
  while (partPattern.lastIndex < template.length) {
    const at = partPattern.lastIndex;
    const match = partPattern.exec(template);
    if (match === null) throw syntaxError(template.slice(at), 'a brace or a quote is not closed');
    const [, text, expression] = match;
    parts.push(text === undefined ? { type: 'expression', text: (expression ?? '').trim() } : { type: 'text', text });
  }
  return parts;
}

/** Quoted text and paths, side by side. */
function parseExpression(expression: string): readonly Node[] {
  const pattern = new RegExp(quoted, 'y');
  const nodes: Node[] = [];
  let rest = expression;
  for (let match = pattern.exec(rest); match !== null; match = pattern.exec(rest)) {
    nodes.push({ type: 'text', text: unquote(match[0]) });
    rest = rest.slice(match[0].length).trim();
    pattern.lastIndex = 0;
  }
  if (rest !== '' || nodes.length === 0) nodes.push({ type: 'path', steps: parsePath(rest) });
  return nodes;
}

const stepPattern = new RegExp(
  String.raw`(\.\.)|\.?\*|\.?((?:[\w/-]|\\.)+)|\[\?\(((?:${quoted}|[^"'\])])*)\)\]|\[((?:${quoted}|[^"'\]])*)\]|\.(?=\[|$)`,
  'y',
);

/** Steps of `$.a.b[0]`, `@.a`, `.a`, `a`. */
function parsePath(path: string): readonly Step[] {
  const text = path.replace(/^[$@]/, '');
  const steps: Step[] = [];
  const pattern = new RegExp(stepPattern); // of its own: a filter within parses paths again
  while (pattern.lastIndex < text.length) {
    const match = pattern.exec(text);
    if (match === null) throw syntaxError(path, 'not understood');
    const [whole, descend, name, filter, subscript] = match;
    if (descend !== undefined) steps.push({ type: 'descend' });
    else if (name !== undefined) steps.push({ type: 'field', name: name.replaceAll(/\\(.)/g, '$1') });
    else if (filter !== undefined) steps.push({ type: 'filter', filter: parseFilter(filter) });
    else if (subscript !== undefined) steps.push(parseSubscript(subscript, path));
    else if (whole !== '.') steps.push({ type: 'all' });
  }
  return steps;
}

function parseSubscript(subscript: string, path: string): Step {
  const parts = subscript.match(new RegExp(`(?:${quoted}|[^,"'])+`, 'g'))?.map((part) => part.trim()) ?? [];
  const steps = parts.map((part): Step => {
    if (part === '*') return { type: 'all' };
    if (/^-?\d+$/.test(part)) return { type: 'index', index: Number(part) };
    if (/^["']/.test(part)) return { type: 'field', name: unquote(part) };
    const slice = /^(-?\d+)?:(-?\d+)?(?::(\d+))?$/.exec(part);
    if (slice === null) throw syntaxError(path, `[${subscript}] is no subscript`);
    const [, from, to, by] = slice;
    return {
      type: 'slice',
      ...(from === undefined ? {} : { from: Number(from) }),
      ...(to === undefined ? {} : { to: Number(to) }),
      ...(by === undefined ? {} : { by: Number(by) }),
    };
  });
  const [only] = steps;
  if (only === undefined) throw syntaxError(path, '[] is empty');
  return steps.length === 1 ? only : { type: 'union', steps };
}

const comparison = /^((?:"[^"]*"|'[^']*'|[^"'=!<>])+?)\s*(==|!=|<=|>=|<|>)\s*(.+)$/s;

function parseFilter(text: string): Filter {
  const match = comparison.exec(text.trim());
  if (match === null) return { left: parseOperand(text.trim()) };
  const [, left = '', operator = '', right = ''] = match;
  if (!isOperator(operator)) throw syntaxError(text, `no operator '${operator}'`);
  return { left: parseOperand(left), comparison: { operator, right: parseOperand(right.trim()) } };
}

function parseOperand(text: string): Operand {
  if (/^["']/.test(text)) return { type: 'literal', value: unquote(text) };
  if (/^-?\d+(\.\d+)?$/.test(text)) return { type: 'literal', value: Number(text) };
  if (text === 'true' || text === 'false') return { type: 'literal', value: text === 'true' };
  return { type: 'path', steps: parsePath(text) };
}

function isOperator(text: string): text is Operator {
  return ['==', '!=', '<', '<=', '>', '>='].includes(text);
}

const escapes = new Map([
  ['n', '\n'],
  ['t', '\t'],
  ['r', '\r'],
]);

/** The text of a literal in double or single quotes. */
function unquote(literal: string): string {
  return literal.slice(1, -1).replaceAll(/\\(.)/g, (_, char: string) => escapes.get(char) ?? char);
}

function syntaxError(template: string, why: string): SallyportError {
  const hint = "write for example -o jsonpath='{.items[*].metadata.name}'";
  return new SallyportError('SP_JSONPATH', `'${template}' is no JSONPath: ${why}`, { hint, exitCode: 2 });
}
