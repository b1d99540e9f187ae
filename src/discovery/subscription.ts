// What one stream asked for of one type, what it was sent and what it answered. Envoy: the delta protocol,
// api-docs/xds_protocol. The state is small on purpose: what the proxy holds is not kept, it follows from the
// generation up to which it was sent everything.
// Invariant: at most one response is unanswered.
import type { Response } from './tracked-view.ts';
import type { Resource, TypeUrl, View } from './view.ts';

export interface Outstanding {
  readonly response: Response;
  /** Updates up to this generation are in it or were sent before; undefined for a response of removals alone. */
  readonly upTo: number | undefined;
  /** It repeats what was refused only because of others. */
  readonly retry: boolean;
}

export interface Refusal {
  /** Envoy's own words. */
  error: string;
  /** Names that were in a refused response and have not been accepted or taken away since. */
  readonly resources: Map<string, Resource>;
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
  /** Refused along with others: sent once more, by themselves, after the next change of this type. */
  readonly companions: Set<string>;
  /** The companions whose turn it is now. */
  readonly again: Set<string>;
  /** Updates up to this generation were sent. */
  sent: number;
  /** Updates up to this generation were answered; -1 before the first answer. */
  settled: number;
  /** Removals up to this generation were sent, where they are sent by themselves. */
  removed: number;
  outstanding: Outstanding | undefined;
  refusal: Refusal | undefined;
  sentAt: number | undefined;
  ackedAt: number | undefined;
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
    companions: new Set(),
    again: new Set(),
    sent: generation,
    settled: -1,
    removed: generation,
    outstanding: undefined,
    refusal: undefined,
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
  const { outstanding } = subscription;
  if (outstanding === undefined || outstanding.response.nonce !== nonce) return undefined;
  subscription.outstanding = undefined;
  if (outstanding.upTo !== undefined) subscription.settled = Math.max(subscription.settled, outstanding.upTo);
  if (!outstanding.retry) {
    for (const name of subscription.companions) subscription.again.add(name);
    subscription.companions.clear();
  }
  if (error === undefined) {
    subscription.ackedAt = now;
    accept(subscription, outstanding.response);
  } else refuse(subscription, outstanding.response, error);
  return outstanding;
}

function accept(subscription: Subscription, { updated, removed }: Response): void {
  const { refusal } = subscription;
  if (refusal === undefined) return;
  for (const { name } of updated) refusal.resources.delete(name);
  for (const name of removed) refusal.resources.delete(name);
  if (refusal.resources.size === 0) subscription.refusal = undefined;
}

/**
 * The last good ones stay in force. Which resource was at fault only Envoy's text can tell; the others of the response
 * are companions.
 */
function refuse(subscription: Subscription, { updated }: Response, error: string): void {
  const named = updated.filter(({ name }) => mentions(error, name));
  const suspects = named.length > 0 ? named : updated;
  const resources = subscription.refusal?.resources ?? new Map<string, Resource>();
  for (const suspect of suspects) resources.set(suspect.name, suspect);
  subscription.refusal = { error, resources };
  if (updated.length === 1) return;
  for (const resource of updated) if (!named.includes(resource)) subscription.companions.add(resource.name);
}

/** Whether the name stands in the text, not as a part of a longer name. */
function mentions(text: string, name: string): boolean {
  const partOfName = /[\w.-]/;
  for (let at = text.indexOf(name); at >= 0; at = text.indexOf(name, at + 1)) {
    const before = text.charAt(at - 1);
    const after = text.charAt(at + name.length);
    // A full stop may end the sentence.
    if (!partOfName.test(before) && (after === '.' || !partOfName.test(after))) return true;
  }
  return false;
}
