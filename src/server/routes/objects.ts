// Reading and changing objects. Whatever is written is decoded and validated here again, whoever sent it.
import { Hono } from 'hono';
import type { Kind } from '../../api/kind.ts';
import type { KubeObject } from '../../api/object.ts';
import { NotFoundError } from '../../store/errors.ts';
import { badRequest, notFound } from '../api-error.ts';
import { applyObjects } from '../apply-objects.ts';
import { collectionQuery, objectKey } from '../collection-query.ts';
import type { ServerDeps, Transport } from '../deps.ts';
import { readJson } from '../json-body.ts';
import { quotedName } from '../kind-names.ts';
import { namesOf, tableColumns, tableRow } from '../object-table.ts';
import { patchObject } from '../patch-object.ts';
import { redactObject } from '../redact.ts';
import type { ApplyBody, DeleteBody, ObjectsBody, TableBody } from '../wire.ts';

/** Of one transaction; nobody else is answered while they are looked through. */
const mostObjects = 50_000;

export function objectRoutes(deps: ServerDeps, transport: Transport): Hono {
  const { store } = deps;
  const visible = transport === 'tcp' ? redactObject : <T>(object: T) => object;
  return new Hono()
    .get('/objects/:kind/:name?', async (context) => {
      const query = collectionQuery(context);
      const { kind, view } = query;
      const { items, resourceVersion } = await read();
      const head = { names: namesOf(kind), resourceVersion };
      if (view === 'table') {
        const rows = items.map((object) => tableRow(kind, object));
        return context.json({ ...head, columns: tableColumns(kind), rows } satisfies TableBody);
      }
      const body = { ...head, items: items.map(query.shown).map(visible), ...expanded(items) };
      return context.json(body satisfies ObjectsBody);

      function expanded([object]: readonly KubeObject[]): Pick<ObjectsBody, 'expansion'> {
        if (context.req.param('name') === undefined || context.req.query('expand') !== 'true') return {};
        const expansion = object && deps.expansionOf(object);
        return expansion === undefined ? {} : { expansion };
      }

      async function read() {
        if (context.req.param('name') === undefined) {
          const list = await store.list(query.collection);
          return { ...list, items: list.items.filter(query.selects) };
        }
        const { key } = objectKey(context);
        const object = await store.get(key);
        if (object === undefined) throw notFound(quotedName(kind, key.name));
        return { items: [object], resourceVersion: object.metadata.resourceVersion ?? '' };
      }
    })
    .post('/objects', async (context) => {
      const body = await readJson(context);
      if (!Array.isArray(body)) throw badRequest('the body is no array of objects');
      if (body.length > mostObjects) throw badRequest(`the body has more than ${mostObjects} objects`);
      return context.json((await applyObjects(deps, body)) satisfies ApplyBody);
    })
    .patch('/objects/:kind/:name', async (context) => {
      const { kind, key } = objectKey(context);
      const patch = await readJson(context);
      return context.json(await patchObject(deps, key, patch).catch(inWordsOf(kind)));
    })
    .delete('/objects/:kind/:name', async (context) => {
      const { kind, key } = objectKey(context);
      await store.delete(key).catch(inWordsOf(kind));
      return context.json({ names: namesOf(kind) } satisfies DeleteBody);
    });
}

/** Lets the store's NotFoundError name the object as a reader of `get` knows it. */
function inWordsOf(kind: Kind): (error: unknown) => never {
  return (error) => {
    throw error instanceof NotFoundError ? notFound(quotedName(kind, error.key.name)) : error;
  };
}
