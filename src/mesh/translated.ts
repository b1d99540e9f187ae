// What objects of one kind stand for: each change with what stood there before, so that its next version replaces exactly that.
import type { Kind } from '../api/kind.ts';
import { type KubeObject, keyOf, keyString } from '../api/object.ts';
import type { WatchEvent } from '../store/store.ts';
import type { Change } from './mesh.ts';
import { parsed } from './parsed.ts';

export interface Translated<Model> {
  take(events: readonly WatchEvent[]): readonly Change<Model>[];
}

/** An object that no longer fits its schema (an older release wrote it) keeps its last good meaning. `keyFor`: which it is. */
export function createTranslated<Api extends KubeObject, Model>(
  kind: Kind<Api>,
  translate: (object: Api) => readonly Model[],
  keyFor: (object: KubeObject) => string = (object) => keyString(keyOf(object)),
): Translated<Model> {
  const translated = new Map<string, readonly Model[]>();

  function replace(key: string, after: readonly Model[]): Change<Model> {
    const before = translated.get(key) ?? [];
    if (after.length === 0) translated.delete(key);
    else translated.set(key, after);
    return { before, after };
  }

  return {
    take: (events) =>
      events
        .filter(({ object }) => object.kind === kind.kind)
        .flatMap((event) => {
          const key = keyFor(event.object);
          if (event.type === 'DELETED') return [replace(key, [])];
          const after = parsed(kind.schema, event.object, (object) => translate(kind.withDefaults(object)));
          return after === undefined ? [] : [replace(key, after)];
        }),
  };
}
