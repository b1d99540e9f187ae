// Suggestions as tables: what would be let through, seen how often, by whom and when last; and what was seen and is left out.
import type { SuggestionsBody } from '../../server/wire.ts';
import { formatAge } from './age.ts';
import { formatHostPort } from './host-port.ts';
import { formatTable } from './table.ts';

type Suggestion = SuggestionsBody['suggestions'][number];
type LeftOut = SuggestionsBody['leftOut'][number];

export interface SuggestionView {
  /** With the objects. */
  readonly wide: boolean;
  readonly now: number;
}

const header = ['NAMESPACE', 'DESTINATION', 'PROTOCOL', 'SEEN', 'BY', 'LAST'];

export function formatSuggestions(
  suggestions: readonly Suggestion[],
  { wide, now }: SuggestionView,
): readonly string[] {
  const rows = suggestions.map((one) => [
    one.namespace,
    formatHostPort(one),
    one.protocol,
    seenText(one),
    namesText(one.workloads),
    formatAge(one.lastSeen, now),
    ...(wide ? [one.object] : []),
  ]);
  return formatTable(wide ? [...header, 'OBJECT'] : header, rows);
}

/** A line each. */
export function formatLeftOut(leftOut: readonly LeftOut[]): readonly string[] {
  return leftOut.map((one) => {
    const who = `${one.namespace}/${namesText(one.workloads)}`;
    return `not suggested: ${formatHostPort(one)}, called by ${who}: ${one.reason}`;
  });
}

function seenText({ requests, connections, blocked }: Suggestion): string {
  const parts = [counted(requests, 'request'), counted(connections, 'connection')].filter((part) => part !== '');
  return `${parts.length === 0 ? 'still open' : parts.join(', ')}${blocked ? ', stopped' : ''}`;
}

function counted(count: number, what: string): string {
  if (count === 0) return '';
  return `${count} ${what}${count === 1 ? '' : 's'}`;
}

const mostNames = 3;

function namesText(workloads: readonly string[]): string {
  const more = workloads.length - mostNames;
  return more > 0 ? `${workloads.slice(0, mostNames).join(', ')} and ${more} more` : workloads.join(', ');
}
