// Label selectors in kubectl's text form: `a=b,c!=d,e in (f,g),h notin (i),j,!k`. All parts must hold.
import { badRequest } from './api-error.ts';

type Labels = Readonly<Record<string, string>> | undefined;

export type LabelSelector = (labels: Labels) => boolean;

const setPart = /^([^\s!=(),]+)\s+(in|notin)\s*\(([^()]*)\)$/;
const equalPart = /^([^\s!=(),]+)\s*(==|=|!=)\s*([^\s!=(),]*)$/;
const existsPart = /^(!?)\s*([^\s!=(),]+)$/;

/** Everything matches an absent or empty text. Throws SallyportError `SP_BAD_REQUEST` naming the part. */
export function parseLabelSelector(text: string | undefined): LabelSelector {
  const parts = splitParts(text ?? '').map(parsePart);
  return (labels) => parts.every((matches) => matches(labels));
}

/** Splits at commas outside of parentheses. */
function splitParts(text: string): readonly string[] {
  const parts = text.split(/,(?![^(]*\))/).map((part) => part.trim());
  return parts.length === 1 && parts[0] === '' ? [] : parts;
}

function parsePart(part: string): LabelSelector {
  const set = setPart.exec(part);
  if (set !== null) {
    const [, key = '', operator, list = ''] = set;
    const values = list.split(',').map((value) => value.trim());
    return (labels) => values.includes(labelOf(labels, key) ?? '\0') === (operator === 'in');
  }
  const equal = equalPart.exec(part);
  if (equal !== null) {
    const [, key = '', operator, value = ''] = equal;
    return (labels) => (labelOf(labels, key) === value) === (operator !== '!=');
  }
  const exists = existsPart.exec(part);
  if (exists !== null) {
    const [, not, key = ''] = exists;
    return (labels) => (labelOf(labels, key) === undefined) === (not === '!');
  }
  throw badRequest(`'${part}' is no label selector`, 'write for example app=echo or "tier in (web,db)"');
}

function labelOf(labels: Labels, key: string): string | undefined {
  return labels !== undefined && Object.hasOwn(labels, key) ? labels[key] : undefined;
}
