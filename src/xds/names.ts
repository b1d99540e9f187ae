// The names on the wire, all Istio's: they stand in logs, metrics and commands, and people grep for them.

export const passthroughCluster = 'PassthroughCluster';
export const blackHoleCluster = 'BlackHoleCluster';
export const inboundPassthroughCluster = 'InboundPassthroughCluster';

export const virtualOutbound = 'virtualOutbound';
export const virtualInbound = 'virtualInbound';
export const outboundPort = 15001;
export const inboundPort = 15006;

/** The listener inside Envoy that copies of requests go through, its cluster and its route. */
export const mirrors = 'mirrors';

/** Proxy capture: the listener that programs are told of, and the routes of what they ask there. */
export const httpProxy = 'http_proxy';

/** Routes of what nobody registered, let out and refused; the third refuses CONNECT. */
export const allowAnyRoute = 'allow_any';
export const blockAllRoute = 'block_all';
export const blockConnectRoute = 'block_connect';
/** Refuses hosts and ports that are written in an odd way. */
export const oddAuthorityRoute = 'odd_authority';
/** Of CONNECT to what is registered. */
export const connectRoute = 'connect';

export interface VirtualServiceRoute {
  /** What was asked for, as it is configured. */
  readonly host: string;
  readonly port: number;
  readonly virtualService: { readonly namespace: string; readonly name: string };
  readonly rule: string;
}

/**
 * `httpbin.org:80|default/httpbin-egress|0`. Istio: the rule's own name; here: what was asked for as well, since the
 * cluster says only where it went, and that may be a gateway.
 */
export function virtualServiceRoute({ host, port, virtualService, rule }: VirtualServiceRoute): string {
  return `${host}:${port}|${virtualService.namespace}/${virtualService.name}|${rule.replaceAll(/[^\w.-]/g, '_')}`;
}

/** Of CONNECT to what a VirtualService sends elsewhere. */
export function connectThrough(virtualServiceRouteName: string): string {
  return `${connectRoute} ${virtualServiceRouteName}`;
}

export function isConnectRoute(name: string): boolean {
  return name === connectRoute || name.startsWith(`${connectRoute} `);
}

/** Undefined for every other route's name. */
export function parseVirtualServiceRoute(name: string): VirtualServiceRoute | undefined {
  const [asked, object, rule] = (isConnectRoute(name) ? name.slice(connectRoute.length + 1) : name).split('|');
  if (asked === undefined || object === undefined || rule === undefined) return undefined;
  const colon = asked.lastIndexOf(':');
  const slash = object.indexOf('/');
  const virtualService = { namespace: object.slice(0, slash), name: object.slice(slash + 1) };
  return { host: asked.slice(0, colon), port: Number(asked.slice(colon + 1)), virtualService, rule };
}

/** `outbound|443||api.example.com`. */
export function outboundCluster(port: number, host: string, subset = ''): string {
  return `${outboundClusterPrefix(port, subset)}${host}`;
}

/** What such a name says; undefined for every other cluster. */
export function parseOutboundCluster(name: string): { readonly host: string; readonly port: number } | undefined {
  const [direction, port, subset, ...host] = name.split('|');
  if (direction !== 'outbound' || subset === undefined || host.length === 0) return undefined;
  return { host: host.join('|'), port: Number(port) };
}

/** `inbound|8080||`. */
export function inboundCluster(port: number): string {
  return `inbound|${port}||`;
}

/** What stands before the host; a TLS chain puts the caller's SNI behind it. */
export function outboundClusterPrefix(port: number, subset = ''): string {
  return `outbound|${port}|${subset}|`;
}

/**
 * Istio: an original-destination cluster is named like any other; here: in the subset's place stands a word that no
 * SNI can produce. A caller who could name such a cluster by SNI would reach any address through it.
 */
export const originalDestinationSubset = 'original-destination';

/** In that place: the endpoint of a headless Service that the caller chose. No subset can have the name either. */
export const chosenEndpointSubset = 'chosen_endpoint';

/** The chain of each listener that tells hosts by their Host header. */
export const httpChainName = 'http';

/** `0.0.0.0_443`. */
export function listenerName(address: string, port: number): string {
  return `${address}_${port}`;
}

/** VHDS names: the RouteConfiguration, a slash, the host. */
export function virtualHostName(route: string, host: string): string {
  return `${route}/${host}`;
}
