// How an attempt gets to the sidecar of its workload: by the address that it connects to, where the network redirects it, or by
// what it asks its HTTP proxy for.
import { isIP, isIPv4 } from 'node:net';
import { clusterIpRange } from '../../api/kinds/service.ts';
import type { ProxyIdentity } from '../../discovery/view.ts';
import type { Mesh } from '../../mesh/mesh.ts';
import { addressOfName } from '../../mesh/name-answer.ts';
import { httpProxy, listenerName, virtualOutbound } from '../../xds/names.ts';
import type { Attempt } from '../attempt.ts';
import { isInRange, isWithin, type Place } from '../matching/address.ts';
import { Untellable } from '../untellable.ts';
import { enterListener, listenerNamed } from './listener.ts';
import { connectRequest, type Payload, requestOf } from './request.ts';
import { openHop, type ProxyPlace, type Terminal, type Walk } from './walk.ts';

export interface Entering {
  readonly mesh: Mesh;
  readonly capture: 'redirect' | 'proxy';
  readonly caller: ProxyIdentity;
  readonly attempt: Attempt;
}

/** `around`: no proxy has it. */
export type Entered = Terminal | { readonly kind: 'around'; readonly why: string };

export function enter(walk: Walk, entering: Entering): Entered {
  const { caller, capture } = entering;
  if (caller.type === 'router') throw new Untellable('what a gateway itself would call: it has no program');
  const hop = openHop(caller);
  const proxy: ProxyPlace = { identity: caller, view: walk.proxies.viewOf(caller), hop, inbound: false };
  const around = capture === 'proxy' ? undefined : wayAround(walk, entering);
  if (around !== undefined) return { kind: 'around', why: around };
  walk.hops.push(hop);
  return capture === 'proxy' ? askProxy(walk, proxy, entering) : redirected(walk, proxy, entering);
}

function redirected(walk: Walk, proxy: ProxyPlace, entering: Entering): Terminal {
  const { attempt } = entering;
  const place = placeOf(walk, entering);
  const { port } = attempt;
  const own = place.address === undefined ? undefined : listenerNamed(proxy, listenerName(place.address, port));
  const listener = own ?? listenerNamed(proxy, listenerName('0.0.0.0', port)) ?? listenerNamed(proxy, virtualOutbound);
  if (listener === undefined) throw new Untellable('a sidecar without a listener');
  return enterListener(walk, proxy, listener, { ...fromProgram, place, port, payload: payloadOf(walk, attempt) });
}

const fromProgram = { source: undefined, peer: undefined, sni: '', state: new Map<string, string>() };

function askProxy(walk: Walk, proxy: ProxyPlace, { attempt }: Entering): Terminal {
  const listener = listenerNamed(proxy, httpProxy);
  if (listener === undefined) throw new Untellable('a sidecar without a listener');
  const { host, port, protocol } = attempt;
  const name = host.includes(':') ? `[${host}]` : host;
  const inside = payloadOf(walk, attempt);
  const reads = protocol === 'http';
  const payload = reads ? inside : connectRequest(`${name}:${port}`, inside);
  // The listener's own address says nothing of where it is going.
  const place = { subject: 'its address', address: undefined };
  return enterListener(walk, proxy, listener, { ...fromProgram, place, port, payload });
}

function payloadOf({ questions }: Walk, attempt: Attempt): Payload {
  switch (attempt.protocol) {
    case 'http':
    case 'grpc':
      return requestOf(attempt, 'http', questions);
    case 'tls':
      return {
        kind: 'tls',
        sni: isIP(attempt.host) === 0 ? attempt.host : '',
        alpn: [],
        inside: requestOf(attempt, 'https', questions),
      };
    case 'tcp':
      return { kind: 'bytes' };
  }
}

function placeOf({ proxies }: Walk, { mesh, caller, attempt }: Entering): Place {
  const { host, port, address } = attempt;
  const known = address ?? (isIP(host) !== 0 ? host : addressOfName(mesh, host, caller.namespace));
  return { subject: `the address of ${host}`, address: known ?? proxies.resolve(host, port) };
}

/** What the network of a workload does not bring to its proxy. */
function wayAround(walk: Walk, entering: Entering): string | undefined {
  const { mesh, attempt } = entering;
  const place = placeOf(walk, entering);
  const { address } = place;
  if (attempt.host === 'localhost' || (address !== undefined && isLoopback(address))) {
    throw new Untellable(`what is on the loopback of the workload: it never leaves it`);
  }
  if (address !== undefined && !isIPv4(address)) throw new Untellable('IPv6, for which a workload has no road');
  const { include, exclude } = mesh.config.capturedRanges;
  if (include === undefined && exclude.length === 0) return undefined;
  if (address !== undefined && (inAny(place, [clusterIpRange], walk) || walk.proxies.at(address) !== undefined)) {
    return undefined;
  }
  const captured = (include === undefined || inAny(place, include, walk)) && !inAny(place, exclude, walk);
  return captured ? undefined : 'the Istio object leaves its address out, so that it goes around the proxy';
}

function inAny(place: Place, ranges: readonly string[], { questions }: Walk): boolean {
  return ranges.some((range) => {
    const [addressPrefix = '', length = '32'] = range.split('/');
    return isInRange(place, { addressPrefix, prefixLen: Number(length) }, questions);
  });
}

function isLoopback(address: string): boolean {
  return address === '::1' || isWithin(address, '127.0.0.0', 8);
}
