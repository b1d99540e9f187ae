// What is told by ranges of addresses: services that have ranges, and the destinationSubnets of VirtualServices (istio-semantics
// 1.2, 3.1). Of several ranges the longest that fits has a connection; where its SNI does not fit the next one is asked, and
// in the end what the rest of the port is asked.
import { BlockList } from 'node:net';
import { parseIpRange } from '../api/ip-range.ts';
import {
  type AddressChain,
  buildHttpMatcher,
  buildServerNameMatcher,
  type ChainChoice,
} from '../envoy/chain-matcher.ts';
import type { FilterChain } from '../envoy/listener.ts';
import { handlingOf } from '../mesh/handling.ts';
import type { ProxySettings } from '../mesh/proxy-settings.ts';
import { originOf } from '../mesh/service.ts';
import { passedChain, serviceChain } from './filter-chains.ts';
import { httpChainName } from './names.ts';
import { addressesOf, isSentElsewhere, isSniffed, oldestFirst, type PortService, type PortUse } from './port-use.ts';
import type { PassedRoute } from './virtual-service/passed-routes.ts';

/** For the wildcard listener; TLS must show its SNI as well. */
export function buildRanges(use: PortUse, config: ProxySettings) {
  const choices: AddressChain[] = [];
  const chains: FilterChain[] = [];
  const origins: string[] = [];
  let inspectsTls = false;

  function add(entry: PortService, ranges: readonly string[], chain: ChainChoice | undefined): void {
    if (ranges.length === 0 || chain === undefined) return;
    choices.push({ ranges, chain });
    inspectsTls ||= handlingOf(entry.port.protocol) === 'tls';
    origins.push(originOf(entry.service));
  }

  for (const entry of oldestFirst(
    new Set([...use.addressed.values(), ...use.serverNames.values(), ...use.tcp.values()]),
  )) {
    const { service, port, ranged } = entry;
    const addresses = addressesOf(service);
    const own = addresses.filter((address) => address.includes('/'));
    // With single addresses it is found in listeners of its own.
    if (addresses.length === 0 || own.length > 0) {
      for (const route of ranged) add(entry, route.subnets, chooseBy(route));
      chains.push(...ranged.map((route) => passedChain(route, service.host, config)));
    }
    if (own.length === 0) continue;
    if (handlingOf(port.protocol) !== 'tls' || !isSentElsewhere(entry)) {
      add(entry, own, chooseFor(entry));
      chains.push(serviceChain(entry, config));
      continue;
    }
    const named = entry.passed.map(({ serverNames, name }) => ({ names: serverNames, chain: name }));
    add(entry, own, buildServerNameMatcher(named));
    chains.push(...entry.passed.map((route) => passedChain(route, service.host, config)));
  }
  return { choices, chains, inspectsTls, origins };
}

/** Of connections to a service's own range; there is a chain for HTTP, since that is told on the whole port. */
function chooseFor(entry: PortService): ChainChoice | undefined {
  const { host } = entry.service;
  if (isSniffed(entry)) return buildHttpMatcher(httpChainName, host);
  if (handlingOf(entry.port.protocol) !== 'tls') return host;
  return buildServerNameMatcher([{ names: [host], chain: host }]);
}

function chooseBy({ serverNames, name }: PassedRoute): ChainChoice | undefined {
  return serverNames.length === 0 ? name : buildServerNameMatcher([{ names: serverNames, chain: name }]);
}

/** What VirtualServices say of its connections to this address; of TLS, for each SNI. */
export function atAddress(entry: PortService, address: string): PortService {
  if (entry.ranged.length === 0) return entry;
  const fits = entry.ranged
    .map((route) => ({ route, length: longestPrefix(route.subnets, address) }))
    .filter(({ length }) => length >= 0)
    .sort((a, b) => b.length - a.length)
    .map(({ route }) => route);
  const [first] = fits;
  if (first !== undefined && first.serverNames.length === 0) return { ...entry, passed: [first] };
  const taken = new Set<string>();
  const passed = [...fits, ...entry.passed].flatMap((route) => {
    const serverNames = route.serverNames.filter((name) => !taken.has(name));
    for (const name of serverNames) taken.add(name);
    return serverNames.length === 0 && route.serverNames.length > 0 ? [] : [{ ...route, serverNames }];
  });
  return { ...entry, passed };
}

/** Of those that the address is in; -1: in none. */
function longestPrefix(subnets: readonly string[], address: string): number {
  const place = parseIpRange(address);
  return Math.max(
    -1,
    ...subnets.map((subnet) => {
      const range = parseIpRange(subnet);
      if (range === undefined || place?.family !== range.family) return -1;
      const family = range.family === 4 ? 'ipv4' : 'ipv6';
      const list = new BlockList();
      list.addSubnet(range.address, range.prefix, family);
      return list.check(place.address, family) ? range.prefix : -1;
    }),
  );
}

/** A rule has one chain, however it is found. */
export function withoutTwins(chains: readonly FilterChain[]): readonly FilterChain[] {
  return [...new Map(chains.map((chain) => [chain.name, chain])).values()];
}
