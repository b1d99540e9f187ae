// Changes of a program's environment as `set env` takes them: `KEY=VALUE` sets, `KEY-` removes. A value may hold anything,
// further `=` too.
import type { Deployment } from '../api/kinds/deployment.ts';
import { usageError } from './usage.ts';

export interface EnvironmentChanges {
  readonly set: ReadonlyMap<string, string>;
  readonly remove: ReadonlySet<string>;
}

type Container = Deployment['spec']['template']['spec']['containers'][number];

/** Words that name objects come first, those that change the environment after them. */
export function splitWords(words: readonly string[]): readonly [readonly string[], readonly string[]] {
  const first = words.findIndex((word) => word.includes('=') || word.endsWith('-'));
  return first < 0 ? [words, []] : [words.slice(0, first), words.slice(first)];
}

/** Throws SallyportError of wrong usage. */
export function parseEnvironment(words: readonly string[]): EnvironmentChanges {
  const set = new Map<string, string>();
  const remove = new Set<string>();
  for (const word of words) {
    const equals = word.indexOf('=');
    const key = equals < 0 ? word.slice(0, -1) : word.slice(0, equals);
    if (key === '' || (equals < 0 && !word.endsWith('-'))) {
      throw usageError(`'${word}' is neither KEY=VALUE nor KEY-`, 'objects are named before the variables');
    }
    if (equals < 0) remove.add(key);
    else set.set(key, word.slice(equals + 1));
  }
  for (const key of remove) if (set.has(key)) throw usageError(`${key} cannot be set and removed at once`);
  return { set, remove };
}

/** A variable that is there keeps its place; new ones come last. */
export function changeEnvironment(container: Container, { set, remove }: EnvironmentChanges): Container {
  const kept = (container.env ?? []).filter(({ name }) => !remove.has(name));
  const known = new Set(kept.map(({ name }) => name));
  const env = [
    ...kept.map((variable) => {
      const value = set.get(variable.name);
      return value === undefined ? variable : { name: variable.name, value };
    }),
    ...[...set].filter(([name]) => !known.has(name)).map(([name, value]) => ({ name, value })),
  ];
  const { env: _before, ...rest } = container;
  return env.length === 0 ? rest : { ...rest, env };
}
