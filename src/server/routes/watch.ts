// Watching a collection as server-sent events: one message per transaction, its id the resourceVersion, so that a
// reader which lost the connection goes on where it was (Last-Event-ID) and one apply is one change for it too.
import { Hono } from 'hono';
import type { WatchBatch, WatchEvent } from '../../store/store.ts';
import { errorAnswer } from '../api-error.ts';
import { type CollectionQuery, collectionQuery } from '../collection-query.ts';
import type { ServerDeps, Transport } from '../deps.ts';
import { eventStream, eventStreamType } from '../events/event-stream.ts';
import { followedTopic } from '../events/followed-topic.ts';
import type { ServerSentEvent } from '../events/topic.ts';
import { tableRow } from '../object-table.ts';
import type { OpenStream } from '../open-stream.ts';
import { redactObject } from '../redact.ts';
import type { WatchBatchBody, WatchEventBody } from '../wire.ts';

export function watchRoutes({ store, log }: ServerDeps, transport: Transport, openStream: OpenStream): Hono {
  const visible = transport === 'tcp' ? redactObject : <T>(object: T) => object;

  return new Hono().get('/watch/:kind', (context) => {
    const query = collectionQuery(context);
    const asked = context.req.query('resourceVersion') ?? context.req.header('Last-Event-ID');
    const topic = followedTopic((gone) => messages(query, asked, gone));
    return openStream(context, { contentType: eventStreamType, pieces: (gone) => eventStream([topic], gone) });
  });

  async function* messages(
    query: CollectionQuery,
    asked: string | undefined,
    gone: AbortSignal,
  ): AsyncGenerator<ServerSentEvent, void, undefined> {
    try {
      let from = asked;
      if (from === undefined) {
        const { items, resourceVersion } = await store.list(query.collection);
        yield* messageOf(query, { resourceVersion, events: items.map((object) => ({ type: 'ADDED', object })) });
        from = resourceVersion;
      }
      for await (const batch of store.watch([query.collection], from, gone)) yield* messageOf(query, batch);
    } catch (error) {
      const { status, body } = errorAnswer(error);
      if (status === 500) log.error({ err: error }, 'watch failed');
      yield { event: 'error', data: JSON.stringify(body) };
    }
  }

  /** None where the reader sees nothing of the transaction. */
  function messageOf(query: CollectionQuery, { resourceVersion, events }: WatchBatch): readonly ServerSentEvent[] {
    const bodies = events.flatMap((event) => eventBodies(query, event));
    const shown = bodies.map((event) => (event.object ? { ...event, object: visible(event.object) } : event));
    const body: WatchBatchBody = { resourceVersion, events: shown };
    return shown.length === 0 ? [] : [{ id: resourceVersion, data: JSON.stringify(body) }];
  }
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
