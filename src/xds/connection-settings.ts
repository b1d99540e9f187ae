// What a destination's policy asks of the connections that are passed on to it unread (istio-semantics 4.4). A chain that
// several destinations share cannot know it, so whoever has any of it gets a chain of its own.
import type { Tunnel } from '../envoy/network-filters.ts';
import type { TrafficPolicy } from '../mesh/traffic-policy.ts';

export interface ConnectionSettings {
  readonly idleTimeoutMs: number | undefined;
  readonly maxConnectionDurationMs: number | undefined;
  readonly hashesSource: boolean | undefined;
  readonly tunnel: Tunnel | undefined;
}

export function connectionSettingsOf({ connectionPool, loadBalancer, tunnel }: TrafficPolicy): ConnectionSettings {
  return {
    idleTimeoutMs: connectionPool?.tcpIdleTimeoutMs,
    maxConnectionDurationMs: connectionPool?.maxConnectionDurationMs,
    hashesSource: loadBalancer?.consistentHash?.key.kind === 'source' ? true : undefined,
    tunnel,
  };
}
