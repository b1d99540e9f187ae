// Which objects a command line names: `KIND`, `KIND NAME…`, `KIND,KIND`, `KIND/NAME…`, as kubectl reads them.
import { usageError } from './usage.ts';

export interface ObjectTarget {
  /** As typed; the control plane knows what it means. */
  readonly kind: string;
  /** All objects of the kind if absent. */
  readonly name?: string;
}

/** At least one target. Throws SallyportError of wrong usage. */
export function objectTargets(words: readonly string[]): readonly ObjectTarget[] {
  const [first, ...names] = words;
  if (first === undefined) throw usageError('a kind is missing', 'for example: get serviceentries');
  if (words.some((word) => word.includes('/'))) return words.map(slashTarget);
  const kinds = first.split(',').filter((kind) => kind !== '');
  if (kinds.length === 0) throw usageError('a kind is missing');
  return kinds.flatMap((kind): readonly ObjectTarget[] =>
    names.length === 0 ? [{ kind }] : names.map((name) => ({ kind, name })),
  );
}

/** Exactly one named object. */
export function singleTarget(words: readonly string[]): Required<ObjectTarget> {
  const [target, ...more] = objectTargets(words);
  if (target?.name === undefined || more.length > 0) throw usageError('name one object: KIND NAME or KIND/NAME');
  return { kind: target.kind, name: target.name };
}

function slashTarget(word: string): ObjectTarget {
  const [kind, name, ...rest] = word.split('/');
  if (!kind || !name || rest.length > 0) throw usageError(`'${word}' is not KIND/NAME`);
  return { kind, name };
}
