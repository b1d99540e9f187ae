// Proxies that come, change their state of sync, or go, at most once a second; first all that are there. What a reader
// was told is remembered, and the difference is taken when it reads.
import type { ProxyStatus, SyncState } from '../../discovery/proxy-state.ts';
import type { ServerDeps } from '../deps.ts';
import type { ProxyEventsBody } from '../wire.ts';
import { createThrottle } from './throttle.ts';
import type { OpenTopic } from './topic.ts';

const intervalMs = 1000;

type Told = ProxyEventsBody['proxies'][number];

export function proxyTopic({ proxies, onProxiesChange }: Pick<ServerDeps, 'proxies' | 'onProxiesChange'>): OpenTopic {
  return (ring) => {
    const throttle = createThrottle(intervalMs, ring);
    const unsubscribe = onProxiesChange(throttle.changed);
    let told = new Map<string, Told>();
    let begun = false;
    throttle.changed();
    return {
      take() {
        if (!throttle.take()) return [];
        const now = new Map(proxies().map((proxy) => [`${proxy.proxy.namespace}/${proxy.proxy.name}`, tell(proxy)]));
        const body: ProxyEventsBody = {
          proxies: [...now].filter(([key, proxy]) => !isSame(told.get(key), proxy)).map(([, proxy]) => proxy),
          gone: [...told].filter(([key]) => !now.has(key)).map(([, { namespace, name }]) => ({ namespace, name })),
        };
        told = now;
        const nothing = begun && body.proxies.length === 0 && body.gone.length === 0;
        begun = true;
        return nothing ? [] : [{ event: 'proxies', data: JSON.stringify(body) }];
      },
      ended: () => false,
      close() {
        unsubscribe();
        throttle.close();
      },
    };
  };
}

const worstFirst: readonly SyncState[] = ['ERROR', 'STALE', 'SYNCED', 'NOT_SENT'];

function tell({ proxy: { namespace, name, workload }, version, connectedAt, types }: ProxyStatus): Told {
  const states = new Set([...types.values()].map(({ state }) => state));
  return {
    namespace,
    name,
    workload,
    version,
    connectedAt,
    state: worstFirst.find((state) => states.has(state)) ?? 'NOT_SENT',
  };
}

function isSame(before: Told | undefined, now: Told): boolean {
  return before?.state === now.state && before.connectedAt === now.connectedAt && before.version === now.version;
}
