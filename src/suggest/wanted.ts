// What of the record asks for an object: traffic that nobody had registered, by namespace, host and port.
import { isIP } from 'node:net';
import { normalizeHost } from '../api/host-name.ts';
import { compareText } from '../mesh/origin.ts';
import type { SeenFlow } from '../telemetry/seen-flow.ts';
import { otherHost, type Protocol } from '../telemetry/traffic.ts';
import { type Calls, sumOfCalls } from './calls.ts';
import type { LeftOut, SuggestedProtocol, SuggestOptions } from './suggestion.ts';

/** A port of a host that workloads of a namespace called. */
export interface Wanted {
  readonly namespace: string;
  /** Normalised. */
  readonly host: string;
  readonly isAddress: boolean;
  readonly port: number;
  readonly protocol: SuggestedProtocol;
  readonly callers: ReadonlyMap<string, Calls>;
  readonly note?: string;
}

interface Place {
  readonly namespace: string;
  readonly host: string;
  readonly port: number;
  readonly flows: SeenFlow[];
}

/** In the order of namespaces, hosts and ports. */
export function wantedOf(
  seen: Iterable<SeenFlow>,
  options: Pick<SuggestOptions, 'blocked' | 'hosts'>,
): { readonly wanted: readonly Wanted[]; readonly leftOut: readonly LeftOut[] } {
  const places = new Map<string, Place>();
  const leftOut: LeftOut[] = [];
  for (const flow of seen) {
    const { source, destination } = flow;
    const { namespace } = source;
    if (!isAsked(flow, options)) continue;
    const host = normalizeHost(destination.host);
    const reason = notTold(flow, host);
    if (host === undefined || reason !== undefined) {
      const left = { namespace, host: destination.host, port: destination.port, workloads: [source.workload] };
      leftOut.push({ ...left, reason: reason ?? notAName });
      continue;
    }
    const key = `${namespace} ${host} ${destination.port}`;
    const place = places.get(key);
    if (place !== undefined) place.flows.push(flow);
    else places.set(key, { namespace, host, port: destination.port, flows: [flow] });
  }
  const inOrder = [...places.values()].sort(
    (a, b) => compareText(a.namespace, b.namespace) || compareText(a.host, b.host) || a.port - b.port,
  );
  return { wanted: inOrder.map(wantedAt), leftOut };
}

function isAsked(
  { by, destination }: SeenFlow,
  { blocked, hosts }: Pick<SuggestOptions, 'blocked' | 'hosts'>,
): boolean {
  const { kind, host, serviceEntry } = destination;
  // What a gateway tells of callers outside is none of the mesh's, and what is registered was refused by another rule.
  if (by !== undefined || serviceEntry !== undefined) return false;
  if (hosts.length > 0) return isUnregistered(kind) && hosts.includes(normalizeHost(host) ?? host);
  return kind === 'passthrough' || (blocked && kind === 'blocked');
}

function isUnregistered(kind: SeenFlow['destination']['kind']): boolean {
  return kind === 'passthrough' || kind === 'blocked';
}

const notAName = 'it is no name that an object could have';

function notTold({ destination }: SeenFlow, host: string | undefined): string | undefined {
  if (destination.host === otherHost) return 'above the cap on hosts, their names are not on record';
  if (host === undefined) return notAName;
  return destination.port === 0 ? 'its port is not on record' : undefined;
}

function wantedAt({ namespace, host, port, flows }: Place): Wanted {
  const isAddress = isIP(host) !== 0;
  const callers = new Map<string, Calls>();
  for (const { source, destination, requests, connections, firstSeen, lastSeen } of flows) {
    const calls = { requests, connections, blocked: destination.kind === 'blocked', firstSeen, lastSeen };
    callers.set(source.workload, sumOfCalls(calls, callers.get(source.workload)));
  }
  return { namespace, host, isAddress, port, callers, ...protocolOf(flows, isAddress, port) };
}

/** A port has one protocol: what was seen most. By an address all of them are TCP, since the address is all that tells it. */
function protocolOf(flows: readonly SeenFlow[], isAddress: boolean, port: number): Pick<Wanted, 'protocol' | 'note'> {
  if (isAddress) return { protocol: 'TCP' };
  const counts = new Map<SuggestedProtocol, number>();
  for (const { protocol, requests, connections } of flows) {
    const spoken = spokenAs(protocol, port);
    counts.set(spoken, (counts.get(spoken) ?? 0) + requests + connections);
  }
  // A server of gRPC takes all requests as HTTP/2.
  if (counts.has('GRPC')) counts.delete('HTTP');
  const [[protocol = 'TCP'] = [], ...others] = [...counts].sort(
    ([a, one], [b, other]) => other - one || (a < b ? -1 : 1),
  );
  if (others.length === 0) return { protocol };
  return { protocol, note: `${others.map(([other]) => other).join(' and ')} on this port would be stopped` };
}

/** What programs sent through CONNECT was not looked into: on 443 it is TLS. */
function spokenAs(protocol: Protocol, port: number): SuggestedProtocol {
  switch (protocol) {
    case 'http':
      return 'HTTP';
    case 'grpc':
      return 'GRPC';
    case 'tls':
      return 'TLS';
    case 'tcp':
      return port === 443 ? 'TLS' : 'TCP';
  }
}
