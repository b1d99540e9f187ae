// The traffic graph: who reaches what, through which gateways, as a pure function of flows. A flow through a gateway leads
// to that gateway; what is behind it is told by the gateway's relays, which say to which host each request really went.
// Where there are none, since only some flows were asked for, the flow itself leads on, with all of its counts.
// Invariants: what leads to a gateway is drawn on once; the same flows in any order give the same graph, with the same
// ids as long as workload, host, kind and protocol are the same.
import type { Flow } from './flow.ts';
import { type MtlsUse, mtlsUse } from './mtls-use.ts';
import type { DestinationKind, Protocol } from './traffic.ts';

export interface GraphNode {
  /** `workload/shop/web` (gateways too), else `<kind>/<host>`. */
  readonly id: string;
  readonly kind: 'workload' | 'gateway' | DestinationKind;
  /** Name of the workload, or the host. */
  readonly name: string;
  /** Of a workload or gateway. */
  readonly namespace?: string;
  /** `namespace/name`, of external hosts; sorted. */
  readonly serviceEntries: readonly string[];
}

export interface GraphEdge extends MtlsUse {
  /** `<source>-><target>:<protocol>` */
  readonly id: string;
  /** Ids of nodes. */
  readonly source: string;
  readonly target: string;
  readonly protocol: Protocol;
  /** Of the destinations, in order; without those that are not known. */
  readonly ports: readonly number[];
  readonly requests: number;
  readonly connections: number;
  /** Requests and connections each second, over the whole stretch. */
  readonly rate: number;
  /** Requests and connections that were blocked, got a 5xx, or found no upstream. */
  readonly errors: number;
  /** `errors` of all, 0 to 1. */
  readonly errorShare: number;
  readonly responses: Readonly<Record<string, number>>;
  readonly flags: Readonly<Record<string, number>>;
  readonly bytesSent: number;
  readonly bytesReceived: number;
  readonly open: number;
  /** RFC 3339 */
  readonly firstSeen: string;
  readonly lastSeen: string;
}

export interface TrafficGraph {
  readonly nodes: readonly GraphNode[];
  readonly edges: readonly GraphEdge[];
}

/** `seconds`: the length of the stretch that the flows are of. */
export function trafficGraph(flows: readonly Flow[], seconds: number): TrafficGraph {
  const relaying = new Set(flows.filter(({ by }) => by === 'relay').map(nameOfSource));
  const telling = flows.filter(({ by }) => by !== undefined).map(nameOfSource);
  const gateways = new Set([...telling, ...flows.flatMap(({ via }) => via)]);
  const nodes = new Map<string, GraphNode>();
  const groups = new Map<string, Group>();
  for (const flow of flows) {
    const { via, protocol } = flow;
    const end = via.findIndex((gateway) => relaying.has(gateway));
    const stops = [nameOfSource(flow), ...(end === -1 ? via : via.slice(0, end + 1))];
    const passed = stops.map((name) => workloadNode(name, gateways));
    const path = end === -1 ? [...passed, destinationNode(flow, nodes)] : passed;
    for (const node of path) nodes.set(node.id, node);
    path.slice(1).forEach((target, index) => {
      const from = path[index]?.id ?? '';
      const id = `${from}->${target.id}:${protocol}`;
      const group = groups.get(id) ?? { source: from, target: target.id, protocol, flows: [], leaving: [] };
      group.flows.push(flow);
      if (index === 0) group.leaving.push(flow);
      groups.set(id, group);
    });
  }
  return {
    nodes: [...nodes.values()].sort(byId),
    edges: [...groups]
      .map(([id, { flows: of, leaving, ...ends }]) => ({ id, ...ends, ...sumOf(of, seconds), ...mtlsOf(leaving) }))
      .sort(byId),
  };
}

interface Group extends Pick<GraphEdge, 'source' | 'target' | 'protocol'> {
  readonly flows: Flow[];
  /** Those that begin here: a flow tells of its first way alone whether it went by mTLS. */
  readonly leaving: Flow[];
}

function mtlsOf(flows: readonly Flow[]): MtlsUse {
  const total = (of: (flow: Flow) => number | undefined) => flows.reduce((sum, flow) => sum + (of(flow) ?? 0), 0);
  return mtlsUse(
    total(({ withMtls }) => withMtls),
    total(({ withoutMtls }) => withoutMtls),
  );
}

function nameOfSource({ source: { namespace, workload } }: Flow): string {
  return `${namespace}/${workload}`;
}

function workloadNode(fullName: string, gateways: ReadonlySet<string>): GraphNode {
  const slash = fullName.indexOf('/');
  return {
    id: `workload/${fullName}`,
    kind: gateways.has(fullName) ? 'gateway' : 'workload',
    name: fullName.slice(slash + 1),
    namespace: fullName.slice(0, slash),
    serviceEntries: [],
  };
}

function destinationNode({ destination }: Flow, known: ReadonlyMap<string, GraphNode>): GraphNode {
  const { kind, host, serviceEntry } = destination;
  const id = `${kind}/${host}`;
  const entries = new Set(known.get(id)?.serviceEntries);
  if (serviceEntry !== undefined) entries.add(serviceEntry);
  return { id, kind, name: host, serviceEntries: [...entries].sort() };
}

type Sums = Omit<GraphEdge, 'id' | 'source' | 'target' | 'protocol' | keyof MtlsUse>;

function sumOf(flows: readonly Flow[], seconds: number): Sums {
  const total = (of: (flow: Flow) => number) => flows.reduce((sum, flow) => sum + of(flow), 0);
  const requests = total((flow) => flow.requests);
  const connections = total((flow) => flow.connections);
  const errors = total(errorsOf);
  const ports = new Set(flows.map(({ destination }) => destination.port).filter((port) => port !== 0));
  return {
    ports: [...ports].sort((left, right) => left - right),
    requests,
    connections,
    rate: seconds > 0 ? (requests + connections) / seconds : 0,
    errors,
    errorShare: errors === 0 ? 0 : errors / (requests + connections),
    responses: merged(flows.map(({ responses }) => responses)),
    flags: merged(flows.map(({ flags }) => flags)),
    bytesSent: total((flow) => flow.bytesSent),
    bytesReceived: total((flow) => flow.bytesReceived),
    open: total((flow) => flow.open),
    firstSeen: flows.map(({ firstSeen }) => firstSeen).sort()[0] ?? '',
    lastSeen:
      flows
        .map(({ lastSeen }) => lastSeen)
        .sort()
        .at(-1) ?? '',
  };
}

/** Envoy's flags of connections that reached nobody; of HTTP their code says it. */
const noUpstream = new Set(['UF', 'UH', 'UO', 'NC', 'NR', 'URX']);

/** Never more than the flow has requests and connections. */
function errorsOf({ destination, protocol, requests, connections, responses, flags }: Flow): number {
  if (destination.kind === 'blocked') return requests + connections;
  const isHttp = protocol === 'http' || protocol === 'grpc';
  const failed = isHttp
    ? Object.entries(responses).filter(([code]) => code.startsWith('5'))
    : Object.entries(flags).filter(([all]) => all.split(',').some((flag) => noUpstream.has(flag)));
  const count = failed.reduce((sum, [, times]) => sum + times, 0);
  return Math.min(count, requests + connections);
}

function merged(counts: readonly Readonly<Record<string, number>>[]): Readonly<Record<string, number>> {
  const sums = new Map<string, number>();
  for (const [key, count] of counts.flatMap((one) => Object.entries(one))) sums.set(key, (sums.get(key) ?? 0) + count);
  return Object.fromEntries([...sums].sort(([left], [right]) => (left < right ? -1 : 1)));
}

function byId(left: { readonly id: string }, right: { readonly id: string }): number {
  return left.id < right.id ? -1 : Number(left.id > right.id);
}
