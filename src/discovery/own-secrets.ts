// What one stream is served that no other is: the proxy's own certificate and roots, by SDS beside the secrets of its view.
// They have a subscription of their own, with nonces of their own, so that a view's responses stay shared and a renewed
// certificate is one small push to one proxy. Envoy may be sent several responses of a type before it answers the first.
// Invariant: a name of `OwnSecrets.names` is never asked of the view.
import type { AdsRequest } from './ads-request.ts';
import { changeSubscription, createSubscription, type Subscription } from './subscription.ts';
import { type TrackedView, trackView } from './tracked-view.ts';
import { type OwnSecrets, type TypeUrl, typeUrls } from './view.ts';
import { createRouteHosts, type RouteHosts } from './virtual-hosts.ts';

/** Of a stream that has asked for one of them: as much of a push's target as differs from the stream's others. */
export interface OpenedChannel {
  readonly tracked: TrackedView;
  readonly subscriptions: Map<TypeUrl, Subscription>;
  /** None: there are secrets only. */
  readonly hosts: RouteHosts;
}

export interface OwnChannel {
  readonly names: ReadonlySet<string>;
  readonly opened: OpenedChannel | undefined;
  /** Parts a request for secrets; undefined: nothing in it is for this side. */
  split(request: AdsRequest): { readonly mine: AdsRequest | undefined; readonly others: AdsRequest | undefined };
  /** At the first request that is for it: whoever never asks costs no key. */
  open(changed: () => void): Subscription;
  change(request: AdsRequest): void;
  close(): void;
}

export function createOwnChannel(own: OwnSecrets, bootId: string): OwnChannel {
  const { names } = own;
  let opened: OpenedChannel | undefined;
  let subscription: Subscription | undefined;
  let leave: (() => void) | undefined;

  /** An answer is for whichever side sent the response: the nonce tells. */
  function part(request: AdsRequest, isOwn: boolean): AdsRequest | undefined {
    const belongs = (name: string) => names.has(name) === isOwn;
    const subscribe = request.subscribe.filter(belongs);
    const unsubscribe = request.unsubscribe.filter(belongs);
    const initialVersions = new Map([...request.initialVersions].filter(([name]) => belongs(name)));
    const said = subscribe.length + unsubscribe.length + initialVersions.size > 0;
    if (!said && (request.nonce === '' || request.nonce.startsWith(prefix) !== isOwn)) return undefined;
    return { ...request, subscribe, unsubscribe, initialVersions };
  }

  const prefix = `${bootId}-own`;

  return {
    names,
    get opened() {
      return opened;
    },
    split: (request) => ({ mine: part(request, true), others: part(request, false) }),
    open(changed) {
      if (subscription !== undefined) return subscription;
      const tracked = trackView(own, prefix, () => undefined);
      const { generation } = own;
      leave = tracked.follow({ changed, settledGeneration: () => subscription?.sent ?? generation });
      subscription = createSubscription(typeUrls.secret, generation);
      opened = { tracked, subscriptions: new Map([[typeUrls.secret, subscription]]), hosts: createRouteHosts() };
      return subscription;
    },
    change(request) {
      if (subscription === undefined) return;
      if (!subscription.asked) subscription.held = request.initialVersions;
      subscription.asked = true;
      changeSubscription(subscription, own, request);
      subscription.held = undefined;
    },
    close: () => leave?.(),
  };
}
