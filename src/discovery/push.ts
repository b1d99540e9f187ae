// The order of updates on one stream: make before break. Clusters first; what may use a new cluster goes once the proxy
// has answered them, in the order listeners, routes, virtual hosts; clusters and endpoints are taken away when all of
// those are answered. Where nothing of an earlier type changed there is nothing to wait for. A refusal is an answer:
// one bad cluster must not hold everything else back. Envoy: xds_protocol, "Eventual consistency considerations".
import { type Plan, planRemovals, planUpdates } from './plan.ts';
import { createSubscription, type Subscription } from './subscription.ts';
import type { TrackedView } from './tracked-view.ts';
import { type TypeUrl, typeUrls } from './view.ts';
import { planVirtualHosts, type RouteHosts } from './virtual-hosts.ts';

export interface PushTarget {
  readonly tracked: TrackedView;
  readonly subscriptions: Map<TypeUrl, Subscription>;
  readonly hosts: RouteHosts;
  /** It connected holding resources and may not have said all yet; nothing is taken away. */
  readonly resuming: boolean;
  /** False: it does not read, so nothing more is written. */
  writable(): boolean;
  send(subscription: Subscription, plan: Plan): void;
}

/** Those that name clusters. */
const clusterUsers: readonly TypeUrl[] = [typeUrls.listener, typeUrls.route, typeUrls.virtualHost];
const updateOrder: readonly TypeUrl[] = [typeUrls.cluster, typeUrls.endpoint, ...clusterUsers, typeUrls.secret];
const removalOrder: readonly TypeUrl[] = [typeUrls.cluster, typeUrls.endpoint];

/** Sends what can be sent now. Call it after every change of the view, the subscriptions or the answers. */
export function push(target: PushTarget): void {
  const { tracked, subscriptions, hosts, resuming } = target;
  const { generation } = tracked.view;
  for (const type of updateOrder) {
    if (type === typeUrls.virtualHost && hosts.due.size > 0 && !subscriptions.has(type)) {
      subscriptions.set(type, createSubscription(type, generation));
    }
    const clusters = subscriptions.get(typeUrls.cluster);
    const limit = clusters !== undefined && clusterUsers.includes(type) ? clusters.settled : generation;
    advance(target, type, limit, (subscription) =>
      type === typeUrls.virtualHost
        ? planVirtualHosts(subscription, hosts, tracked, limit)
        : planUpdates(subscription, tracked, limit),
    );
  }
  if (resuming) return;
  const users = clusterUsers.map((type) => subscriptions.get(type)?.settled ?? generation);
  const unused = Math.min(generation, ...users);
  if (unused < 0) return;
  for (const type of removalOrder) {
    const subscription = subscriptions.get(type);
    if (subscription === undefined || subscription.outstanding !== undefined || !target.writable()) continue;
    const plan = planRemovals(subscription, tracked, unused);
    if (plan !== undefined) target.send(subscription, plan);
  }
}

function advance(
  target: PushTarget,
  type: TypeUrl,
  limit: number,
  planFor: (subscription: Subscription) => Plan | undefined,
): void {
  const subscription = target.subscriptions.get(type);
  if (subscription === undefined || subscription.outstanding !== undefined) return;
  if (limit < 0 || !target.writable()) return;
  const plan = planFor(subscription);
  if (plan !== undefined) {
    target.send(subscription, plan);
    return;
  }
  subscription.sent = Math.max(subscription.sent, limit);
  if (subscription.due.size === 0) subscription.settled = Math.max(subscription.settled, limit);
}
