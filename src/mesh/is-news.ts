// Which events say anything that the mesh did not know. What we found out about an object ourselves stands in its status
// (controllers/validation-messages.ts): to be told of it again must not cost a thing.
import { isDeepStrictEqual } from 'node:util';
import type { KubeObject } from '../api/object.ts';
import { withoutMessages } from '../api/validation-messages.ts';
import type { WatchEvent } from '../store/store.ts';

export function isNews(event: WatchEvent): boolean {
  if (event.type !== 'MODIFIED' || event.previous === undefined) return true;
  const { object, previous } = event;
  return !isSameButStatus(object, previous) || !isDeepStrictEqual(statusOf(object), statusOf(previous));
}

/** The store keeps what did not change as the very same values. */
function isSameButStatus(object: KubeObject, previous: KubeObject): boolean {
  const { metadata: now } = object;
  const { metadata: before } = previous;
  return (
    object.spec === previous.spec &&
    object.data === previous.data &&
    now.generation === before.generation &&
    now.labels === before.labels &&
    now.annotations === before.annotations &&
    now.ownerReferences === before.ownerReferences
  );
}

function statusOf({ status }: KubeObject): unknown {
  return withoutMessages(status);
}
