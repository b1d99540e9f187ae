// The endpoint of a cluster that a request or connection goes to: those behind the same proxy are one, so that there is something
// to choose only where they lie behind different ones.
import { type ProxyIdentity, typeUrls } from '../../discovery/view.ts';
import { type Cluster, Cluster_DiscoveryType } from '../../envoy/gen/envoy/config/cluster/v3/cluster_pb.js';
import type { LbEndpoint } from '../../envoy/gen/envoy/config/endpoint/v3/endpoint_components_pb.js';
import {
  type ClusterLoadAssignment,
  ClusterLoadAssignmentSchema,
} from '../../envoy/gen/envoy/config/endpoint/v3/endpoint_pb.js';
import type { Place } from '../matching/address.ts';
import { readResource } from '../reading/message.ts';
import { Untellable } from '../untellable.ts';
import type { Sending } from './cluster.ts';
import type { ProxyPlace, Walk } from './walk.ts';

/** Outside, or at a pod. */
export interface Target {
  readonly kind: 'address';
  readonly upstream: { readonly place: Place; readonly port: number };
  /** The proxy behind it. */
  readonly peer: ProxyIdentity | undefined;
  readonly endpoint: LbEndpoint | undefined;
}

/** Another listener of the same Envoy. */
export interface InsideTarget {
  readonly kind: 'inside';
  readonly listener: string;
}

/** Undefined: there is no endpoint. */
export function targetsOf(
  walk: Walk,
  proxy: ProxyPlace,
  cluster: Cluster,
  sending: Sending,
): Target | InsideTarget | undefined {
  const { clusterDiscoveryType: discovery, name, lbConfig } = cluster;
  if (discovery.case === 'clusterType') {
    if (discovery.value.name === 'envoy.clusters.dynamic_forward_proxy') return forwarded(walk, proxy, sending);
    if (discovery.value.name === 'envoy.cluster.dns') return choose(walk, cluster.loadAssignment, name);
    throw new Untellable(`a cluster of type ${discovery.value.name}`);
  }
  switch (discovery.value ?? Cluster_DiscoveryType.STATIC) {
    case Cluster_DiscoveryType.STATIC:
      return choose(walk, cluster.loadAssignment, name);
    case Cluster_DiscoveryType.EDS: {
      const resource = proxy.view.resources(typeUrls.endpoint).get(cluster.edsClusterConfig?.serviceName || name);
      return choose(walk, resource && readResource(ClusterLoadAssignmentSchema, resource), name);
    }
    case Cluster_DiscoveryType.ORIGINAL_DST: {
      const { place, port } = sending.connection;
      const override = lbConfig.case === 'originalDstLbConfig' ? lbConfig.value.upstreamPortOverride : undefined;
      const peer = place.address === undefined ? undefined : walk.proxies.at(place.address);
      return { kind: 'address', upstream: { place, port: override ?? port }, peer, endpoint: undefined };
    }
    default:
      throw new Untellable(`a cluster of type ${discovery.value}`);
  }
}

/** The name that was asked for, by Host or SNI, or the one that a filter has put in its place. */
function forwarded({ proxies }: Walk, { identity }: ProxyPlace, { connection, asked }: Sending): Target | undefined {
  const { state, sni } = connection;
  const [, written = '', port = ''] = /^(\[[^\]]*\]|[^:]*)(?::(\d+))?$/.exec(asked?.authority ?? sni) ?? [];
  const host = state.get('envoy.upstream.dynamic_host') ?? written.replace(/^\[(.*)\]$/, '$1');
  const number = Number(port || state.get('envoy.upstream.dynamic_port') || connection.port);
  const address = proxies.service(host, identity.namespace) ?? proxies.resolve(host, number);
  // Proxies have no search domains: a bare name is nobody's outside.
  if (address === undefined && !host.includes('.')) return undefined;
  const peer = address === undefined ? undefined : proxies.at(address);
  const place = { subject: `the address of ${host}`, address };
  return { kind: 'address', upstream: { place, port: number }, peer, endpoint: undefined };
}

function choose(
  walk: Walk,
  assignment: ClusterLoadAssignment | undefined,
  name: string,
): Target | InsideTarget | undefined {
  const groups = assignment?.endpoints.filter(({ lbEndpoints }) => lbEndpoints.length > 0) ?? [];
  const first = Math.min(...groups.map(({ priority }) => priority));
  const endpoints = groups.filter(({ priority }) => priority === first).flatMap(({ lbEndpoints }) => lbEndpoints);
  const targets = new Map<string, Target | InsideTarget>();
  for (const endpoint of endpoints) {
    const target = targetOf(walk, endpoint);
    const key = keyOf(target);
    if (!targets.has(key)) targets.set(key, target);
  }
  const [only, ...others] = targets.values();
  if (only === undefined || others.length === 0) return only;
  const options = [...targets.keys()].map((key) => ({ when: `${name} sends it to ${key}` }));
  return [...targets.values()][walk.questions.choose(`endpoint of ${name}`, options)];
}

function targetOf({ proxies }: Walk, endpoint: LbEndpoint): Target | InsideTarget {
  const { hostIdentifier } = endpoint;
  const address = hostIdentifier.case === 'endpoint' ? hostIdentifier.value.address?.address : undefined;
  if (address?.case === 'envoyInternalAddress') {
    const { addressNameSpecifier: listener } = address.value;
    if (listener.case === 'serverListenerName') return { kind: 'inside', listener: listener.value };
  }
  if (address?.case === 'pipe') {
    return {
      kind: 'address',
      upstream: { place: { subject: address.value.path, address: undefined }, port: 0 },
      peer: undefined,
      endpoint,
    };
  }
  if (address?.case !== 'socketAddress') throw new Untellable(`an endpoint with a ${address?.case} address`);
  const { address: host, portSpecifier } = address.value;
  const port = portSpecifier.case === 'portValue' ? portSpecifier.value : 0;
  const resolved = proxies.resolve(host, port);
  const peer = resolved === undefined ? undefined : proxies.at(resolved);
  return {
    kind: 'address',
    upstream: { place: { subject: `the address of ${host}`, address: resolved }, port },
    peer,
    endpoint,
  };
}

function keyOf(target: Target | InsideTarget): string {
  if (target.kind === 'inside') return target.listener;
  const { peer, upstream, endpoint } = target;
  const marks = endpoint?.metadata === undefined ? '' : ' by mTLS';
  // An address that is known may be refused where another is not.
  if (peer === undefined) return `${upstream.place.address ?? 'outside'}:${upstream.port}${marks}`;
  return `${peer.namespace}/${peer.workload}:${upstream.port}${marks}`;
}
