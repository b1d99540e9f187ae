// Watching a collection as server-sent events: one message per transaction, its id the resourceVersion, so that a
// reader which lost the connection goes on where it was (Last-Event-ID) and one apply is one change for it too.
import { Hono } from 'hono';
import { streamSSE } from 'hono/streaming';
import type { WatchBatch, WatchEvent } from '../../store/store.ts';
import { errorAnswer } from '../api-error.ts';
import { type CollectionQuery, collectionQuery } from '../collection-query.ts';
import type { ServerDeps, Transport } from '../deps.ts';
import { tableRow } from '../object-table.ts';
import { redactObject } from '../redact.ts';
import type { WatchBatchBody, WatchEventBody } from '../wire.ts';

/** A comment line this often lets both sides notice that the other is gone. */
const heartbeatMs = 15_000;

export function watchRoutes({ store, log }: ServerDeps, transport: Transport): Hono {
  const visible = transport === 'tcp' ? redactObject : <T>(object: T) => object;
  return new Hono().get('/watch/:kind', (context) => {
    const query = collectionQuery(context);
    const asked = context.req.query('resourceVersion') ?? context.req.header('Last-Event-ID');
    return streamSSE(context, async (stream) => {
      const gone = new AbortController();
      stream.onAbort(() => gone.abort());
      const heartbeat = setInterval(() => void stream.write(':\n\n'), heartbeatMs);
      const send = async (batch: WatchBatch) => {
        const events = batch.events.flatMap((event) => eventBodies(query, event));
        const shown = events.map((event) => (event.object ? { ...event, object: visible(event.object) } : event));
        const body: WatchBatchBody = { resourceVersion: batch.resourceVersion, events: shown };
        if (events.length > 0) await stream.writeSSE({ id: batch.resourceVersion, data: JSON.stringify(body) });
      };
      try {
        let from = asked;
        if (from === undefined) {
          const { items, resourceVersion } = await store.list(query.collection);
          await send({ resourceVersion, events: items.map((object) => ({ type: 'ADDED', object })) });
          from = resourceVersion;
        }
        for await (const batch of store.watch([query.collection], from, gone.signal)) await send(batch);
      } catch (error) {
        const { status, body } = errorAnswer(error);
        if (status === 500) log.error({ err: error }, 'watch failed');
        await stream.writeSSE({ event: 'error', data: JSON.stringify(body) });
      } finally {
        clearInterval(heartbeat);
      }
    });
  });
}

/** An event as a selector sees it: an object that leaves the selection is deleted for its reader. */
function eventBodies({ kind, view, selects, shown }: CollectionQuery, event: WatchEvent): readonly WatchEventBody[] {
  const type = typeFor(event, selects);
  if (type === undefined) return [];
  return [view === 'table' ? { type, row: tableRow(kind, event.object) } : { type, object: shown(event.object) }];
}

function typeFor(event: WatchEvent, selects: CollectionQuery['selects']): WatchEventBody['type'] | undefined {
  const selected = selects(event.object);
  if (event.type !== 'MODIFIED' || event.previous === undefined) return selected ? event.type : undefined;
  const before = selects(event.previous);
  if (selected) return before ? 'MODIFIED' : 'ADDED';
  return before ? 'DELETED' : undefined;
}
