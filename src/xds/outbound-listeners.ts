// The listeners of one outbound port (istio-semantics 1.1–1.3): the wildcard one, and one for each address of its own
// that a TCP or TLS service has. Every one ends in the mesh's catch-all, so that no connection is left undecided.
import { isUnder, isWildcardHost, wildcardsAbove } from '../api/host-name.ts';
import { typeUrls } from '../discovery/view.ts';
import {
  type AddressChain,
  buildChainMatcher,
  buildServerNameMatcher,
  type ServerNameChain,
} from '../envoy/chain-matcher.ts';
import { ListenerSchema } from '../envoy/gen/envoy/config/listener/v3/listener_pb.js';
import { buildListener, type FilterChain } from '../envoy/listener.ts';
import { handlingOf } from '../mesh/handling.ts';
import type { ProxySettings } from '../mesh/proxy-settings.ts';
import { originOf } from '../mesh/service.ts';
import type { Capture } from './capture.ts';
import { catchAllChain, closedChain, httpChain, passedChain, serverNameChain, serviceChain } from './filter-chains.ts';
import { httpChainName, inboundPort, listenerName, outboundPort } from './names.ts';
import {
  addressesOf,
  hasSettings,
  isBelow,
  isSentElsewhere,
  isSniffed,
  needsListing,
  oldestFirst,
  type PortService,
  type PortUse,
} from './port-use.ts';
import { atAddress, buildRanges, withoutTwins } from './ranges.ts';
import { type TypedResource, typedResource } from './resource.ts';

const anyAddress = '0.0.0.0';

/** A port that must answer HTTP even when no service has it: an unregistered host gets its 502 there. */
export const alwaysHttpPort = 80;
/** A port whose connections are looked into even when no service has it: what is stopped or passes is told by its SNI. */
const alwaysTlsPort = 443;
export const alwaysPorts = [alwaysHttpPort, alwaysTlsPort] as const;

/** For the SNI, where nothing but the record needs it: a server that speaks first is not made to wait for longer. */
const patience = 1;

export function buildPortListeners(port: number, use: PortUse, config: ProxySettings): readonly TypedResource[] {
  const listeners = buildAddressListeners(port, use, config);
  // The proxy listens there itself.
  const wildcard = port === outboundPort || port === inboundPort ? undefined : buildWildcardListener(port, use, config);
  return wildcard === undefined ? listeners : [wildcard, ...listeners];
}

/** One listener for each single address; where several services claim it, the oldest has it. */
function buildAddressListeners(port: number, use: PortUse, config: ProxySettings): readonly TypedResource[] {
  const byAddress = new Map<string, PortService>();
  for (const claim of oldestFirst(use.addressed.values())) {
    for (const address of addressesOf(claim.service)) {
      if (!address.includes('/') && !byAddress.has(address)) byAddress.set(address, claim);
    }
  }
  return [...byAddress].map(([address, entry]) => {
    const name = listenerName(address, port);
    const here = atAddress(entry, address);
    if (isSniffed(entry)) return buildSniffedListener(name, address, here, use, config);
    const named = here.passed.filter(({ serverNames }) => serverNames.length > 0);
    const byName = handlingOf(entry.port.protocol) === 'tls' && isSentElsewhere(entry);
    const matcher = buildServerNameMatcher(named.map((route) => ({ names: route.serverNames, chain: route.name })));
    const message = buildListener({
      name,
      address,
      port,
      direction: 'outbound',
      bind: false,
      inspectors: handlingOf(entry.port.protocol) === 'tls' ? ['tls'] : [],
      chains: withoutTwins(named.map((route) => passedChain(route, entry.service.host, config))),
      ...(matcher === undefined ? {} : { matcher }),
      // Rules by SNI stand in place of what the address alone would be.
      defaultChain: byName ? catchAllChain(config) : serviceChain(here, config),
    });
    return typedResource(typeUrls.listener, ListenerSchema, name, message, [
      originOf(entry.service),
      ...(config.origins ?? []),
    ]);
  });
}

function buildSniffedListener(
  name: string,
  address: string,
  entry: PortService,
  use: PortUse,
  config: ProxySettings,
): TypedResource {
  const { service, port } = entry;
  const matcher = buildChainMatcher({ byAddress: [], byServerName: [], http: httpChainName });
  const message = buildListener({
    name,
    address,
    port: port.number,
    direction: 'outbound',
    bind: false,
    inspectors: ['http'],
    inspectSeconds: patience,
    chains: [httpChain(httpChainName, port.number, config, { capture: 'redirect', byPath: use.byPath.size > 0 })],
    ...(matcher === undefined ? {} : { matcher }),
    defaultChain: serviceChain(entry, config),
  });
  return typedResource(typeUrls.listener, ListenerSchema, name, message, [
    originOf(service),
    ...(config.origins ?? []),
  ]);
}

function buildWildcardListener(port: number, use: PortUse, config: ProxySettings): TypedResource | undefined {
  const ranges = buildRanges(use, config);
  const [tcp] = oldestFirst(use.tcp.values());
  const names = buildNamedChains(port, use, config, {
    capture: 'redirect',
    http: use.http.size > 0 || port === alwaysHttpPort,
    tls: use.serverNames.size > 0 || (port === alwaysTlsPort && tcp === undefined),
    chainOf: (entry) => serviceChain(entry, config),
    byAddress: ranges.choices,
  });
  const named = names.inspectsTls || ranges.inspectsTls;
  const told = !named && port === alwaysTlsPort && tcp === undefined;
  if (names.chains.length === 0 && !named && !told && ranges.chains.length === 0 && tcp === undefined) return undefined;
  const name = listenerName(anyAddress, port);
  const message = buildListener({
    name,
    address: anyAddress,
    port,
    direction: 'outbound',
    bind: false,
    inspectors: [...(named || told ? (['tls'] as const) : []), ...names.inspectsHttp],
    ...(told && names.inspectsHttp.length === 0 ? { inspectSeconds: patience } : {}),
    chains: withoutTwins([...names.chains, ...ranges.chains]),
    ...(names.matcher === undefined ? {} : { matcher: names.matcher }),
    defaultChain: tcp === undefined ? catchAllChain(config) : serviceChain(tcp, config),
  });
  return typedResource(typeUrls.listener, ListenerSchema, name, message, [
    ...names.origins,
    ...ranges.origins,
    ...(config.origins ?? []),
  ]);
}

export interface NamedChainsOptions {
  readonly capture: Capture['kind'];
  readonly http: boolean;
  /** Whether hosts that are refused are looked for. */
  readonly tls: boolean;
  /** The chain of a service that must be listed by its own name. */
  readonly chainOf: (entry: PortService) => FilterChain;
  readonly byAddress: readonly AddressChain[];
}

/** The chains for what names its host, by Host header or SNI, and how they are chosen. */
export function buildNamedChains(port: number, use: PortUse, config: ProxySettings, options: NamedChainsOptions) {
  const { capture, http, tls, chainOf, byAddress } = options;
  const registryOnly = config.outboundTrafficPolicy === 'REGISTRY_ONLY';
  const names = buildServerNames(tls ? use : { ...use, refused: [] }, config, chainOf);
  const sni = use.serverNames.size > 0 && (registryOnly || names.usesSniChain);
  // Where the SNI names its cluster, those that are for rules alone must be kept from it.
  const forRules = sni && registryOnly ? closedChoices(use, names.choices) : [];
  const closed = names.denied.length === 0 ? forRules : [{ names: names.denied, chain: closedChainName }, ...forRules];
  return {
    matcher: buildChainMatcher({
      byAddress,
      byServerName: [...names.choices, ...closed],
      ...(sni && registryOnly ? { tls: sniChainName } : {}),
      ...(http ? { http: httpChainName } : {}),
    }),
    inspectsTls: use.serverNames.size > 0 || names.denied.length > 0,
    inspectsHttp: http ? (['http'] as const) : [],
    chains: [
      ...(http ? [httpChain(httpChainName, port, config, { capture, byPath: use.byPath.size > 0 })] : []),
      ...(sni ? [serverNameChain(sniChainName, port, config, capture)] : []),
      ...(closed.length === 0 ? [] : [closedChain(closedChainName, port, config, { capture })]),
      ...names.chains,
    ],
    origins: names.origins,
  };
}

/** A wildcard that is listed takes what is below it, as it would if there were no such cluster. */
function closedChoices(
  { closed, serverNames }: PortUse,
  choices: readonly ServerNameChain[],
): readonly ServerNameChain[] {
  const taken = choices.flatMap(({ names }) => names);
  const isFree = (host: string) => !taken.some((name) => isUnder(host, name));
  const names = [...closed].filter(isFree).sort();
  if (names.length === 0) return [];
  // Exact names below a wildcard that is closed are open all the same.
  const open = [...serverNames.keys()].filter((host) => isFree(host) && names.some((name) => isBelow(host, name)));
  return [
    { names, chain: closedChainName },
    ...(open.length === 0 ? [] : [{ names: open.sort(), chain: sniChainName }]),
  ];
}

const sniChainName = 'sni';
const closedChainName = 'closed';

/** The SNIs that must be listed, and exact ones below a listed wildcard, which would else swallow them. */
function buildServerNames(use: PortUse, config: ProxySettings, chainOf: (entry: PortService) => FilterChain) {
  const policy = config.outboundTrafficPolicy;
  const listed = oldestFirst(use.serverNames.values()).filter((entry) => needsListing(entry, use, policy));
  const named = new Set(
    listed.flatMap(({ service, passed }) => [service.host, ...passed.flatMap(({ serverNames }) => serverNames)]),
  );
  // Where the SNI names its cluster there is none for those.
  const isServed = (host: string) => [host, ...wildcardsAbove(host)].some((name) => named.has(name));
  const refused = policy === 'REGISTRY_ONLY' ? use.refused.filter(isServed) : use.refused;
  const withheld = listed.filter((entry) => entry.withheld === 'denied').map(({ service }) => service.host);
  const denied = [...new Set([...withheld, ...refused])].sort();
  const wildcards = [...named, ...refused].filter(isWildcardHost);
  const shared: string[] = [];
  const choices: ServerNameChain[] = [];
  const chains: FilterChain[] = [];
  // Whoever came first: no rule of others leads there.
  const taken = new Set(denied);
  for (const entry of listed) {
    const { host, resolution } = entry.service;
    if (entry.withheld === 'denied') continue;
    for (const route of entry.passed) {
      const free = route.serverNames.filter((serverName) => !taken.has(serverName));
      for (const serverName of free) taken.add(serverName);
      if (free.length === 0 || chains.some(({ name }) => name === route.name)) continue;
      chains.push(passedChain(route, host, config));
      choices.push({ names: free, chain: route.name });
    }
    if (isSentElsewhere(entry) || taken.has(host)) continue;
    taken.add(host);
    if (isWildcardHost(host) || resolution === 'NONE' || hasSettings(entry) || entry.withheld !== undefined) {
      chains.push(chainOf(entry));
      choices.push({ names: [host], chain: host });
    } else shared.push(host);
  }
  if (wildcards.length > 0) {
    for (const [host, entry] of use.serverNames) {
      if (needsListing(entry, use, policy) || taken.has(host)) continue;
      if (wildcards.some((wildcard) => isBelow(host, wildcard))) shared.push(host);
    }
  }
  if (shared.length > 0) choices.push({ names: shared.sort(), chain: sniChainName });
  const origins = listed.map(({ service }) => originOf(service));
  return { choices, chains, denied, usesSniChain: shared.length > 0, origins };
}
