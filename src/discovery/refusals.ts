// What a proxy refused, and how the one at fault is found. Of clusters and listeners Envoy takes the good ones of a response
// and names the others; of everything else, and wherever a message breaks a bound of its own schema, the first bad resource
// lets the rest of the response down, removals too, and its words often name nothing (test/envoy-lab/refusals). So whatever
// was not named goes again at once: removals first, then what the words do not mention, then in halves.
// Invariant: what was refused by itself is not sent again until it is another; trials between two changes are bounded.
import type { Response } from './tracked-view.ts';
import type { Resource } from './view.ts';

export interface Refused {
  readonly resource: Resource;
  /** Envoy's own words. */
  readonly error: string;
  /** Milliseconds since 1970. */
  readonly since: number;
}

export interface Refusals {
  /** At fault, by name. */
  readonly refused: Map<string, Refused>;
  /** Names that were refused along with others, to be sent again by themselves, in this order. */
  trials: readonly (readonly string[])[];
  /** Responses that may yet go to trials before the next change. */
  trialsLeft: number;
}

/** Enough for several bad ones among ten thousand. */
const mostTrials = 64;

export function createRefusals(): Refusals {
  return { refused: new Map(), trials: [], trialsLeft: mostTrials };
}

/** Something of what was refused along with others goes again at once. */
export function goesAgain({ trials, trialsLeft }: Refusals): boolean {
  return trialsLeft > 0 && trials.length > 0;
}

/** These are being sent: as a trial, or because they changed or were asked for, which is a new beginning. */
export function sending(refusals: Refusals, names: Iterable<string>, isTrial: boolean): void {
  refusals.trialsLeft = isTrial ? refusals.trialsLeft - 1 : mostTrials;
  dropTrials(refusals, names);
}

/** There is nothing left to try of these. */
export function dropTrials(refusals: Refusals, names: Iterable<string>): void {
  refusals.trials = without(refusals.trials, new Set(names));
}

/** The proxy no longer wants them. */
export function forget(refusals: Refusals, names: readonly string[]): void {
  for (const name of names) refusals.refused.delete(name);
  dropTrials(refusals, names);
}

export function accepted({ refused }: Refusals, { updated, removed }: Response): void {
  if (refused.size === 0) return;
  for (const { name } of updated) refused.delete(name);
  for (const name of removed) refused.delete(name);
}

export function wasRefused(refusals: Refusals, { updated, removed }: Response, error: string, now: number): void {
  const named = namedFaults(error, updated);
  const open = updated.filter(({ name }) => !named.has(name));
  const alone = updated.length + removed.length === 1;
  for (const resource of updated) {
    const words = named.get(resource.name) ?? (alone ? error : undefined);
    if (words !== undefined) refusals.refused.set(resource.name, { resource, error: words, since: now });
  }
  if (!alone) refusals.trials = [...groups(removed, open, error, named.size > 0), ...refusals.trials];
}

/** What it refused of the resource as it is now. */
export function refusalOf({ refused }: Refusals, resource: Resource | undefined): Refused | undefined {
  const found = resource === undefined ? undefined : refused.get(resource.name);
  return found?.resource.version === resource?.version ? found : undefined;
}

function groups(
  removed: readonly string[],
  open: readonly Resource[],
  error: string,
  others: boolean,
): readonly (readonly string[])[] {
  const names = open.map(({ name }) => name);
  const mentioned = names.filter((name) => mentions(error, name));
  const rest = names.filter((name) => !mentioned.includes(name));
  // Once something else is taken out of the response, all that is left may well be good.
  const whole = others || removed.length > 0 || mentioned.length > 0;
  const parts = whole ? [removed, rest, ...mentioned.map((name) => [name])] : [removed, ...halves(rest)];
  return parts.filter((part) => part.length > 0);
}

function halves(names: readonly string[]): readonly (readonly string[])[] {
  const middle = names.length >> 1;
  return [names.slice(0, middle), names.slice(middle)];
}

function without(trials: Refusals['trials'], names: ReadonlySet<string>): Refusals['trials'] {
  if (trials.length === 0 || names.size === 0) return trials;
  return trials.map((trial) => trial.filter((name) => !names.has(name))).filter((trial) => trial.length > 0);
}

const summary = /^Error adding\/updating (?:cluster|listener)\(s\) /;

/** Of clusters and listeners Envoy says one by one what is wrong with each: `NAME: WORDS`, by commas or on lines. */
function namedFaults(error: string, updated: readonly Resource[]): ReadonlyMap<string, string> {
  if (!summary.test(error)) return new Map();
  const text = error.replace(summary, '');
  const names = new Set(updated.map(({ name }) => name));
  const starts = [...text.matchAll(/(?:^|, |\n)((?:(?!, )[^\n])+?): /g)].flatMap(({ index, 0: whole, 1: name = '' }) =>
    names.has(name) ? [{ name, index, words: index + whole.length }] : [],
  );
  return new Map(
    starts.map(({ name, words }, place) => [name, text.slice(words, starts[place + 1]?.index).trimEnd()] as const),
  );
}

/** Whether the name stands in the text, not as a part of a longer name. */
function mentions(text: string, name: string): boolean {
  const partOfName = /[\w.-]/;
  for (let at = text.indexOf(name); at >= 0; at = text.indexOf(name, at + 1)) {
    const before = text.charAt(at - 1);
    const after = text.charAt(at + name.length);
    // A full stop may end the sentence.
    if (!partOfName.test(before) && (after === '.' || !partOfName.test(after))) return true;
  }
  return false;
}
