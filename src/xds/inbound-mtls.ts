// Which of the listener's chains a connection to a workload gets, by what its PeerAuthentications let callers speak: mTLS is
// known by what it offers by ALPN, so that an application's own TLS passes as it is (istio-semantics 1.9).
// Invariant: a port that is STRICT has no chain for anything but TLS that ends here with a certificate of the mesh.
import { buildAlpnMatcher, buildPortMatcher, buildTlsMatcher, type ChainChoice } from '../envoy/chain-matcher.ts';
import { buildFilterChain, type FilterChain, type ListenerChains, type PortChoice } from '../envoy/listener.ts';
import { buildTcpProxy, type NetworkFilter } from '../envoy/network-filters.ts';
import { type MtlsMode, mtlsModeAt, type PeerMtls } from '../mesh/peer-authentication.ts';
import type { ProxySettings } from '../mesh/proxy-settings.ts';
import { buildLoopGuard } from './loop-guard.ts';
import { buildMutualServerTls, mutualTlsAlpn, mutualTlsSecrets } from './mutual-tls.ts';
import { blackHoleCluster, inboundPort, virtualInbound } from './names.ts';
import { refusedInboundLogs } from './traffic-logs.ts';

/** `mesh`: they have shown a certificate of the mesh. */
export type CallerKind = 'mesh' | 'anyone';

/**
 * How long a connection may be silent before it counts as plaintext. Only a caller without mTLS of a server that speaks first
 * waits so long; mTLS begins with its caller.
 * Istio: protocolDetectionTimeout, for ever if it is not set.
 */
const inspectSeconds = 1;

export interface PeerChainOptions {
  readonly config: ProxySettings;
  readonly peers: PeerMtls;
}

/** `filtersOf`: of a port that Services send to, or (undefined) of all others. */
export function buildPeerChains(
  ports: readonly number[],
  { config, peers }: PeerChainOptions,
  filtersOf: (port: number | undefined, callers: CallerKind) => readonly NetworkFilter[],
): ListenerChains & { readonly secrets: readonly string[] } {
  const tls = buildMutualServerTls(config);
  const chains = new Map<string, FilterChain>();
  const choose = (port: number | undefined, mode: MtlsMode): ChainChoice => {
    const name = port === undefined ? virtualInbound : `0.0.0.0_${port}`;
    const plain = (): string => {
      chains.set(name, buildFilterChain(name, filtersOf(port, 'anyone')));
      return name;
    };
    const mutual = (): string => {
      chains.set(`${name}_mtls`, buildFilterChain(`${name}_mtls`, filtersOf(port, 'mesh'), tls));
      return `${name}_mtls`;
    };
    // Named, and not left out: what an inner question leaves open is answered by the outer one's answer for all others.
    const closed = (): string => {
      chains.set(withoutMtls, buildRefusal(config));
      return withoutMtls;
    };
    if (mode === 'DISABLE') return plain();
    if (mode === 'STRICT') return buildTlsMatcher(mutual(), closed());
    return buildAlpnMatcher(mutualTlsAlpn, mutual(), plain());
  };
  const loop = 'virtualInbound-blackhole';
  chains.set(loop, buildLoopGuard(loop));
  const known = new Set(ports);
  const byPort = [...new Set([...ports, ...peers.ports.keys()])]
    .sort((a, b) => a - b)
    .map((port) => {
      return [port, choose(known.has(port) ? port : undefined, mtlsModeAt(port, peers, config))] as const;
    });
  const whole = peers.mode ?? config.mtlsMode;
  const matcher = buildPortMatcher([[inboundPort, loop], ...byPort], choose(undefined, whole));
  const isMutual = [...chains.values()].some(({ transportSocket }) => transportSocket !== undefined);
  return {
    inspectors: isMutual ? ['tls'] : [],
    ...(isMutual ? { inspectSeconds, ...inspectedPorts(whole, peers) } : {}),
    chains: [...chains.values()],
    matcher,
    secrets: isMutual ? mutualTlsSecrets : [],
  };
}

/** Plaintext where STRICT refuses it. */
const withoutMtls = 'virtualInbound-without-mtls';

function buildRefusal(config: ProxySettings): FilterChain {
  const accessLog = refusedInboundLogs(config);
  return buildFilterChain(withoutMtls, [
    buildTcpProxy({ statPrefix: blackHoleCluster, cluster: blackHoleCluster, accessLog }),
  ]);
}

/** Where only plaintext is taken nothing is looked for, and nobody waits. */
function inspectedPorts(whole: MtlsMode, { ports }: PeerMtls): { readonly inspectedPorts?: PortChoice } {
  const listed = (disabled: boolean) =>
    [...ports].filter(([, mode]) => (mode === 'DISABLE') === disabled).map(([port]) => port);
  if (whole === 'DISABLE') return { inspectedPorts: { only: listed(false) } };
  const except = listed(true);
  return except.length === 0 ? {} : { inspectedPorts: { except } };
}
