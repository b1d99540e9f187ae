// What one stream asked for of one type, what it was sent and what it answered. Envoy: the delta protocol,
// api-docs/xds_protocol. The state is small on purpose: what the proxy holds is not kept, it follows from the
// generation up to which it was sent everything.
// Invariant: at most one response is unanswered.
import { accepted, createRefusals, forget, goesAgain, type Refusals, wasRefused } from './refusals.ts';
import type { Response } from './tracked-view.ts';
import { type TypeUrl, typeUrls, type View } from './view.ts';

export interface Outstanding {
  readonly response: Response;
  /** Updates up to this generation are in it or were sent before; undefined for a response of removals alone. */
  readonly upTo: number | undefined;
}

export interface Subscription {
  readonly type: TypeUrl;
  /** The proxy itself has asked for this type; virtual hosts are sent without. */
  asked: boolean;
  wildcard: boolean;
  /** Asked for by name, whether they exist or not. */
  readonly names: Set<string>;
  /** Names to answer, whatever was sent before. */
  readonly due: Set<string>;
  /** All resources are to be sent: the first answer to a wildcard. */
  everythingDue: boolean;
  /** Versions that the proxy held when it connected, until they have been compared. */
  held: ReadonlyMap<string, string> | undefined;
  /** Held when it connected, but no longer there; to be removed. */
  readonly gone: Set<string>;
  readonly refusals: Refusals;
  /** Updates up to this generation were sent. */
  sent: number;
  /** Updates up to this generation were answered, and none of them goes again; -1 before the first answer. */
  settled: number;
  /** Updates up to this generation were answered. */
  answered: number;
  /** Removals up to this generation were sent; of a type whose removals go with its updates there are never any to send. */
  removed: number;
  outstanding: Outstanding | undefined;
  sentAt: number | undefined;
  ackedAt: number | undefined;
}

/** Types whose removals wait until nothing uses them any more. */
export function removedLast(type: TypeUrl): boolean {
  return type === typeUrls.cluster || type === typeUrls.endpoint;
}

export function createSubscription(type: TypeUrl, generation: number): Subscription {
  return {
    type,
    asked: false,
    wildcard: false,
    names: new Set(),
    due: new Set(),
    everythingDue: false,
    held: undefined,
    gone: new Set(),
    refusals: createRefusals(),
    sent: generation,
    settled: -1,
    answered: -1,
    removed: removedLast(type) ? generation : Number.POSITIVE_INFINITY,
    outstanding: undefined,
    sentAt: undefined,
    ackedAt: undefined,
  };
}

export interface SubscriptionChange {
  readonly subscribe: readonly string[];
  readonly unsubscribe: readonly string[];
}

/** Asks for everything of a type. */
const everything = '*';

export function changeSubscription(subscription: Subscription, view: View, change: SubscriptionChange): void {
  const resources = view.resources(subscription.type);
  for (const asked of change.subscribe) {
    if (asked === everything) {
      subscribeAll(subscription);
      continue;
    }
    const resource = resources.get(asked);
    // The view's own string where there is one: a name is not kept once for each stream.
    const name = resource?.name ?? asked;
    subscription.names.add(name);
    const held = resource !== undefined && subscription.held?.get(name) === resource.version;
    // Asked for again it is answered again: the proxy may have dropped it in between and says so in no other way.
    if (!held) subscription.due.add(name);
  }
  for (const name of change.unsubscribe) {
    if (name === everything) {
      subscription.wildcard = false;
      subscription.everythingDue = false;
      continue;
    }
    subscription.names.delete(name);
    // Still matched by the wildcard, which the proxy cannot know: it is told.
    if (subscription.wildcard) subscription.due.add(name);
    else subscription.due.delete(name);
  }
  if (!subscription.wildcard) forget(subscription.refusals, change.unsubscribe);
}

export function subscribeAll(subscription: Subscription): void {
  subscription.wildcard = true;
  subscription.everythingDue = true;
}

/** Takes the answer to the outstanding response; returns that, or undefined if the nonce is not its own. */
export function takeAnswer(
  subscription: Subscription,
  nonce: string,
  error: string | undefined,
  now: number,
): Outstanding | undefined {
  const { outstanding, refusals } = subscription;
  if (outstanding === undefined || outstanding.response.nonce !== nonce) return undefined;
  subscription.outstanding = undefined;
  if (outstanding.upTo !== undefined) subscription.answered = Math.max(subscription.answered, outstanding.upTo);
  if (error === undefined) {
    subscription.ackedAt = now;
    accepted(refusals, outstanding.response);
  } else wasRefused(refusals, outstanding.response, error, now);
  // What goes again at once counts as under way: what may use it waits.
  if (!goesAgain(refusals)) subscription.settled = Math.max(subscription.settled, subscription.answered);
  return outstanding;
}
