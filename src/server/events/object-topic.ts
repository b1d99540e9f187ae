// Objects that were made, changed or deleted, one message for each transaction, without what is in them. First the
// version at which the stream begins, so that a reader that lists afterwards misses nothing.

import { kinds } from '../../api/kinds.ts';
import { groupOf } from '../../api/object.ts';
import { GoneError } from '../../store/errors.ts';
import type { ObjectStore, WatchEvent } from '../../store/store.ts';
import type { DroppedBody, ObjectEventsBody } from '../wire.ts';
import { followedTopic } from './followed-topic.ts';
import type { OpenTopic, ServerSentEvent } from './topic.ts';

const everything = kinds.map(({ group, kind }) => ({ group, kind }));

/** `countDropped` hears of transactions that were no longer kept when the reader came for them. */
export function objectTopic(store: ObjectStore, countDropped: (messages: number) => void): OpenTopic {
  return followedTopic(async function* (gone) {
    let seen = await currentVersion(store);
    yield message({ resourceVersion: seen, events: [] });
    while (!gone.aborted) {
      try {
        for await (const { resourceVersion, events } of store.watch(everything, seen, gone)) {
          seen = resourceVersion;
          yield message({ resourceVersion, events: events.map(eventBody) });
        }
        return;
      } catch (error) {
        if (!(error instanceof GoneError)) throw error;
        const now = await currentVersion(store);
        const messages = transactionsBetween(seen, now);
        countDropped(messages);
        yield { event: 'dropped', data: JSON.stringify({ topic: 'objects', messages } satisfies DroppedBody) };
        seen = now;
      }
    }
  });
}

/** Any list tells it; there are few namespaces. */
async function currentVersion(store: ObjectStore): Promise<string> {
  return (await store.list({ group: '', kind: 'Namespace' })).resourceVersion;
}

/** Exact where versions count transactions, as the local store's do; else only that there was one. */
function transactionsBetween(from: string, to: string): number {
  const difference = Number(to) - Number(from);
  return Number.isSafeInteger(difference) && difference > 0 ? difference : 1;
}

function message(body: ObjectEventsBody): ServerSentEvent {
  return { event: 'objects', data: JSON.stringify(body) };
}

function eventBody({ type, object }: WatchEvent): ObjectEventsBody['events'][number] {
  const { namespace = '', name, resourceVersion = '' } = object.metadata;
  return { type, group: groupOf(object.apiVersion), kind: object.kind, namespace, name, resourceVersion };
}
