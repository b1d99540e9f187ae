// What one type of one stream is to be sent next. Pure but for what it notes as planned in `commit`.
// What was refused along with others goes again by itself as soon as nothing new is to be sent.
// Invariant: a resource that changed after `limit` is not in a plan; the log brings it once the limit has passed it.
import { dropTrials, goesAgain, sending } from './refusals.ts';
import { removedLast, type Subscription } from './subscription.ts';
import type { ResponseContent, TrackedView } from './tracked-view.ts';
import type { Resource } from './view.ts';

export interface Plan {
  /** Names the content among all plans of the type for one generation of the view. */
  readonly key: string;
  content(): ResponseContent;
  /** Updates it settles, see Outstanding.upTo. */
  readonly upTo: number | undefined;
  /** Notes in the subscription that the plan is sent. */
  commit(): void;
}

/** Everything new or asked for up to `limit`; undefined if there is nothing. */
export function planUpdates(subscription: Subscription, tracked: TrackedView, limit: number): Plan | undefined {
  if (subscription.everythingDue) return planEverything(subscription, tracked, limit);
  const { type, wildcard, names, due, refusals } = subscription;
  const resources = tracked.view.resources(type);
  const log = tracked.log(type);
  const changed = log.between(subscription.sent, limit).filter((name) => wildcard || names.has(name));
  // A removal that has to wait is not of this plan; a name asked for and not there is answered at once.
  const changes = removedLast(type) ? changed.filter((name) => resources.has(name)) : changed;
  const answers = [...due].filter((name) => (log.changedAt(name) ?? 0) <= limit);
  const picked = [...new Set([...changes, ...answers])];
  if (picked.length === 0) return planTrial(subscription, tracked, limit, (name) => wildcard || names.has(name));
  return {
    ...planNames(resources, picked),
    upTo: limit,
    commit() {
      subscription.sent = Math.max(subscription.sent, limit);
      for (const name of answers) due.delete(name);
      sending(refusals, picked, false);
    },
  };
}

/** What was refused along with others, the next part of it. */
export function planTrial(
  subscription: Subscription,
  tracked: TrackedView,
  limit: number,
  wanted: (name: string) => boolean,
): Plan | undefined {
  const { type, refusals } = subscription;
  const resources = tracked.view.resources(type);
  for (const trial of refusals.trials) {
    const picked = trial.filter((name) => wanted(name) && (resources.has(name) || !removedLast(type)));
    if (picked.length === 0) dropTrials(refusals, trial);
    else if (!goesAgain(refusals)) return undefined;
    else return { ...planNames(resources, picked), upTo: limit, commit: () => sending(refusals, trial, true) };
  }
  return undefined;
}

/** The first answer to a wildcard; compared with what the proxy held, if it said. */
function planEverything(subscription: Subscription, tracked: TrackedView, limit: number): Plan | undefined {
  const { type, held, due, gone, refusals } = subscription;
  const resources = tracked.view.resources(type);
  const log = tracked.log(type);
  const inTime = (name: string) => (log.changedAt(name) ?? 0) <= limit;
  const commit = () => {
    subscription.everythingDue = false;
    subscription.held = undefined;
    subscription.sent = limit;
    for (const name of due) if (resources.has(name)) due.delete(name);
    sending(refusals, resources.keys(), false);
  };
  const all = () => [...resources.values()].filter(({ name }) => inTime(name));
  if (held === undefined || held.size === 0) {
    return { key: `all ${limit}`, content: () => ({ updated: all(), removed: [] }), upTo: limit, commit };
  }
  const updated = all().filter(({ name, version }) => held.get(name) !== version);
  const missing = [...held.keys()].filter((name) => !resources.has(name));
  const removed = removedLast(type) ? [] : missing;
  if (removedLast(type)) for (const name of missing) gone.add(name);
  if (updated.length === 0 && removed.length === 0) {
    commit();
    return undefined;
  }
  return { ...planContent(updated, removed), upTo: limit, commit };
}

/** Removals of clusters or endpoints that nothing uses since `limit`. */
export function planRemovals(subscription: Subscription, tracked: TrackedView, limit: number): Plan | undefined {
  const { type, wildcard, names, gone } = subscription;
  const resources = tracked.view.resources(type);
  const changed = tracked.log(type).between(subscription.removed, limit);
  const removed = [...new Set([...gone, ...changed])].filter(
    (name) => !resources.has(name) && (wildcard || names.has(name) || gone.has(name)),
  );
  const commit = () => {
    subscription.removed = Math.max(subscription.removed, limit);
    gone.clear();
  };
  if (removed.length === 0) {
    commit();
    return undefined;
  }
  return { ...planContent([], removed), upTo: undefined, commit };
}

/** Each name's resource, or its removal. */
function planNames(resources: ReadonlyMap<string, Resource>, names: Iterable<string>) {
  const updated: Resource[] = [];
  const removed: string[] = [];
  for (const name of names) {
    const resource = resources.get(name);
    if (resource === undefined) removed.push(name);
    else updated.push(resource);
  }
  return planContent(updated, removed);
}

export function planContent(updated: readonly Resource[], removed: readonly string[]): Pick<Plan, 'key' | 'content'> {
  const key = `${updated.map(({ name }) => name).join('\n')}\0${removed.join('\n')}`;
  return { key, content: () => ({ updated, removed }) };
}
