// A view with what its streams share: the log of changes, and each response that several of them need, as one Buffer.
// Invariant: a response is made from the view as it is now; the streams that get it get the same nonce.
import { type ChangeLog, createChangeLog } from './change-log.ts';
import { type Resource, type TypeUrl, typeUrls, type View } from './view.ts';
import { encodeResponse } from './wire.ts';

export interface ResponseContent {
  readonly updated: readonly Resource[];
  readonly removed: readonly string[];
}

/** A response as it is sent, to however many streams. */
export interface Response extends ResponseContent {
  readonly nonce: string;
  readonly frame: Buffer;
}

/** A stream as its view sees it. */
export interface Follower {
  /** Something changed. */
  changed(): void;
  /** It needs no changes up to this generation. */
  settledGeneration(): number;
}

export interface TrackedView {
  readonly view: View;
  log(type: TypeUrl): ChangeLog;
  /** `key` names the content among all responses of this type and generation. */
  response(type: TypeUrl, key: string, content: () => ResponseContent): Response;
  /** Returns the function that ends it. */
  follow(follower: Follower): () => void;
}

/** From this many entries on a log is asked what can go. */
const longLog = 1024;
const cachedResponses = 256;

/** `onIdle` is called when the last follower has left and nothing is watched any more. */
export function trackView(view: View, bootId: string, onIdle: () => void): TrackedView {
  const followers = new Set<Follower>();
  const logs = new Map<TypeUrl, ChangeLog>();
  // Weak, since a first response is large and needed only while streams wait for its answer.
  const responses = new Map<string, WeakRef<Response>>();
  let responseCount = 0;

  function log(type: TypeUrl): ChangeLog {
    const found = logs.get(type) ?? createChangeLog(view.generation);
    logs.set(type, found);
    return found;
  }

  for (const type of Object.values(typeUrls)) log(type);

  const unsubscribe = view.subscribe(({ generation, types }) => {
    responses.clear();
    for (const [type, { updated, removed }] of types) {
      const changes = log(type);
      changes.append(generation, [...updated.map(({ name }) => name), ...removed]);
      if (changes.size > longLog) changes.forget(settled(followers, generation));
    }
    for (const follower of followers) follower.changed();
  });

  return {
    view,
    log,
    response(type, key, content) {
      const cacheKey = `${type} ${key}`;
      const known = responses.get(cacheKey)?.deref();
      if (known !== undefined) return known;
      const { updated, removed } = content();
      responseCount += 1;
      const nonce = `${bootId}-${view.generation}-${type.slice(type.lastIndexOf('.') + 1)}-${responseCount}`;
      const response = { updated, removed, nonce, frame: encodeResponse({ type, nonce, updated, removed }) };
      if (responses.size >= cachedResponses) responses.clear();
      responses.set(cacheKey, new WeakRef(response));
      return response;
    },
    follow(follower) {
      followers.add(follower);
      return () => {
        if (!followers.delete(follower) || followers.size > 0) return;
        unsubscribe();
        onIdle();
      };
    },
  };
}

function settled(followers: Iterable<Follower>, generation: number): number {
  let lowest = generation;
  for (const follower of followers) lowest = Math.min(lowest, follower.settledGeneration());
  return lowest;
}
