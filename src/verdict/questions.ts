// What is not known of an attempt is asked while it is played, and the play goes on both ways. Whoever plays asks as if there
// were an answer; the whole is then played again for each other answer.
// Invariant: on one way the same question has the same answer, and questions depend on nothing but earlier answers.

export interface Option {
  /** The condition in words for people. */
  readonly when: string;
}

export interface Questions {
  /** Which of the options holds on this way. */
  choose(question: string, options: readonly Option[]): number;
  /** Whether it holds; both in words. */
  holds(condition: string, otherwise: string): boolean;
}

export interface Played<T> {
  readonly when: readonly string[];
  readonly result: T;
}

interface Choice {
  readonly question: string;
  readonly options: readonly Option[];
  readonly taken: number;
}

interface Node<T> {
  readonly options?: readonly Option[];
  readonly children: Map<number, Node<T>>;
  result?: T;
}

/** More ways than this are not told apart. */
const mostPlays = 128;

/**
 * All ways, with what they hang on: questions whose answers make no difference are left out. `text` tells results apart.
 * `complete` is false where there were too many.
 */
export function playAll<T>(play: (questions: Questions) => T, text: (result: T) => string) {
  const root: Node<T> = { children: new Map() };
  const pending: (readonly number[])[] = [[]];
  let plays = 0;
  for (let given = pending.pop(); given !== undefined && plays < mostPlays; given = pending.pop()) {
    plays += 1;
    const { result, choices } = playOnce(play, given);
    for (const [index, { options }] of choices.entries()) {
      if (index < given.length) continue;
      const before = choices.slice(0, index).map(({ taken }) => taken);
      for (let other = options.length - 1; other > 0; other -= 1) pending.push([...before, other]);
    }
    enter(root, choices, result);
  }
  return { ways: waysOf(simplified(root, text)), complete: pending.length === 0 };
}

function playOnce<T>(play: (questions: Questions) => T, given: readonly number[]) {
  const choices: Choice[] = [];
  const known = new Map<string, number>();
  const choose: Questions['choose'] = (question, options) => {
    const same = known.get(question);
    if (same !== undefined) return same;
    const taken = given[choices.length] ?? 0;
    choices.push({ question, options, taken });
    known.set(question, taken);
    return taken;
  };
  const result = play({
    choose,
    holds: (condition, otherwise) => choose(condition, [{ when: condition }, { when: otherwise }]) === 0,
  });
  return { result, choices };
}

function enter<T>(root: Node<T>, choices: readonly Choice[], result: T): void {
  let node = root;
  for (const { options, taken } of choices) {
    // Only what was asked here first says what the choice was.
    Object.assign(node, { options });
    const next = node.children.get(taken) ?? { children: new Map() };
    node.children.set(taken, next);
    node = next;
  }
  node.result = result;
}

function simplified<T>(node: Node<T>, text: (result: T) => string): Node<T> {
  if (node.options === undefined) return node;
  const children = new Map([...node.children].map(([taken, child]) => [taken, simplified(child, text)] as const));
  const told = new Set([...children.values()].map((child) => tellOf(child, text)));
  const [first] = children.values();
  if (told.size === 1 && children.size === node.options.length && first !== undefined) return first;
  return { options: node.options, children };
}

function tellOf<T>(node: Node<T>, text: (result: T) => string): string {
  if (node.options === undefined) return node.result === undefined ? '' : text(node.result);
  const children = [...node.children].map(([taken, child]) => `${node.options?.[taken]?.when}: ${tellOf(child, text)}`);
  return `{${children.sort().join(', ')}}`;
}

function waysOf<T>(node: Node<T>): readonly Played<T>[] {
  if (node.options === undefined) return node.result === undefined ? [] : [{ when: [], result: node.result }];
  const { options } = node;
  return [...node.children]
    .sort(([a], [b]) => a - b)
    .flatMap(([taken, child]) =>
      waysOf(child).map(({ when, result }) => ({ when: [options[taken]?.when ?? '', ...when], result })),
    );
}
