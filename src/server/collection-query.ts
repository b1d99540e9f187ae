// What a request asks of a collection: its kind by any name a user types, its namespace, labels and the form of
// the answer. Read in one place, so that listing and watching understand the same words.
import type { Context } from 'hono';
import type { Kind } from '../api/kind.ts';
import { kindByName, suggestKindName } from '../api/kinds.ts';
import type { KubeObject, ObjectKey } from '../api/object.ts';
import { SallyportError } from '../platform/errors.ts';
import type { Collection } from '../store/store.ts';
import { badRequest } from './api-error.ts';
import { parseLabelSelector } from './label-selector.ts';

export interface CollectionQuery {
  readonly kind: Kind;
  readonly collection: Collection;
  /** Rows of a table, or objects. */
  readonly view: 'table' | 'objects';
  readonly selects: (object: KubeObject) => boolean;
  /** What of an object is shown: with its defaults if those were asked for. */
  readonly shown: (object: KubeObject) => KubeObject;
}

/** Throws SallyportError `SP_UNKNOWN_KIND` (404), `SP_BAD_REQUEST` (400). */
export function collectionQuery(context: Context): CollectionQuery {
  const kind = kindNamed(context.req.param('kind') ?? '');
  const { namespace, labelSelector, defaults, view = 'objects' } = context.req.query();
  if (view !== 'table' && view !== 'objects') throw badRequest(`no view '${view}'`, 'table or objects');
  const selects = parseLabelSelector(labelSelector);
  return {
    kind,
    collection: {
      group: kind.group,
      kind: kind.kind,
      ...(namespace === undefined || !kind.namespaced ? {} : { namespace }),
    },
    view,
    selects: (object) => selects(object.metadata.labels),
    shown: defaults === 'true' ? kind.withDefaults : (object) => object,
  };
}

/** The one object that `/KIND/NAME?namespace=` names; the namespace defaults to `default`. */
export function objectKey(context: Context): { readonly kind: Kind; readonly key: ObjectKey } {
  const kind = kindNamed(context.req.param('kind') ?? '');
  const namespace = kind.namespaced ? (context.req.query('namespace') ?? 'default') : '';
  return { kind, key: { group: kind.group, kind: kind.kind, namespace, name: context.req.param('name') ?? '' } };
}

function kindNamed(word: string): Kind {
  const kind = kindByName(word);
  if (kind !== undefined) return kind;
  const near = suggestKindName(word);
  const options = near === undefined ? {} : { hint: `did you mean ${near}?` };
  throw new SallyportError('SP_UNKNOWN_KIND', `no kind '${word}'`, options);
}
