// Envoy's resources as istioctl's tables. They come as protobuf's JSON form, in which a field with its default value
// is absent; whatever is not as expected becomes `-`.
import type { ConfigType, ProxyResource } from '../../server/wire.ts';
import { items, text, valueAt } from './json-value.ts';

export interface ProxyTable {
  readonly header: readonly string[];
  readonly rows: () => readonly (readonly string[])[];
}

type Resources = (type: ConfigType) => readonly ProxyResource[];

/** By view: clusters, listeners, routes, endpoints, secrets. */
export function proxyTables(of: Resources): ReadonlyMap<string, ProxyTable> {
  return new Map([
    ['clusters', { header: clusterHeader, rows: () => of('clusters').map(clusterRow).toSorted(byCells) }],
    ['listeners', { header: listenerHeader, rows: () => of('listeners').flatMap(listenerRows) }],
    [
      'routes',
      {
        header: routeHeader,
        rows: () => [...of('routes').flatMap(routeRows), ...of('virtualhosts').flatMap(lateHostRows)],
      },
    ],
    ['endpoints', { header: ['ENDPOINT', 'HEALTH', 'CLUSTER'], rows: () => of('endpoints').flatMap(endpointRows) }],
    ['secrets', { header: ['RESOURCE NAME', 'TYPE', 'VERSION'], rows: () => of('secrets').map(secretRow) }],
  ]);
}

const clusterHeader = ['SERVICE FQDN', 'PORT', 'SUBSET', 'DIRECTION', 'TYPE', 'ORIGIN'];

/** `outbound|80|v1|httpbin.org` says direction, port, subset and host; other names stand for themselves. */
function clusterRow({ name, json, origins }: ProxyResource): readonly string[] {
  const parts = name.split('|');
  const [direction = '-', port, subset, host = name] = parts.length === 4 ? parts : ['-', '-', '-', name];
  const type = text(json, 'clusterType', 'name') ?? text(json, 'type') ?? 'STATIC';
  return [host, port || '-', subset || '-', direction || '-', type, origins.join(', ') || '-'];
}

const listenerHeader = ['NAME', 'ADDRESS', 'PORT', 'MATCH', 'DESTINATION'];

function listenerRows({ name, json }: ProxyResource): readonly (readonly string[])[] {
  const address = text(json, 'address', 'socketAddress', 'address') ?? '-';
  const port = text(json, 'address', 'socketAddress', 'portValue') ?? '-';
  const chains = [...items(json, 'filterChains'), ...[valueAt(json, 'defaultFilterChain')].filter(Boolean)];
  return chains.map((chain) => [name, address, port, chainMatch(chain), chainDestination(chain)]);
}

function chainMatch(chain: unknown): string {
  const match = valueAt(chain, 'filterChainMatch');
  const parts = [
    ...items(match, 'serverNames').map((sni) => `SNI: ${String(sni)}`),
    ...items(match, 'applicationProtocols').map((protocol) => `App: ${String(protocol)}`),
    ...[text(match, 'transportProtocol')].flatMap((transport) =>
      transport === undefined ? [] : [`Trans: ${transport}`],
    ),
    ...items(match, 'prefixRanges').map((range) => `Addr: ${text(range, 'addressPrefix')}/${text(range, 'prefixLen')}`),
  ];
  return parts.length === 0 ? (text(chain, 'name') ?? 'ALL') : parts.join('; ');
}

/** Where the last filter of a chain sends what it gets. */
function chainDestination(chain: unknown): string {
  const config = valueAt(items(chain, 'filters').at(-1), 'typedConfig');
  const route = text(config, 'rds', 'routeConfigName') ?? text(config, 'routeConfig', 'name');
  if (route !== undefined) return `Route: ${route}`;
  const cluster = text(config, 'cluster');
  return cluster === undefined ? '-' : `Cluster: ${cluster}`;
}

const routeHeader = ['NAME', 'VHOST NAME', 'DOMAINS', 'MATCH', 'DESTINATION', 'ORIGIN'];

function routeRows(resource: ProxyResource): readonly (readonly string[])[] {
  return items(resource.json, 'virtualHosts').flatMap((host) => hostRows(resource.name, host, resource.origins));
}

/** A virtual host of its own is named `ROUTE/HOST`. */
function lateHostRows({ name, json, origins }: ProxyResource): readonly (readonly string[])[] {
  return hostRows(name.split('/')[0] ?? name, json, origins);
}

function hostRows(route: string, host: unknown, origins: readonly string[]): readonly (readonly string[])[] {
  const domains = items(host, 'domains').map(String).join(', ');
  return items(host, 'routes').map((one) => [
    route,
    text(host, 'name') ?? '-',
    domains,
    routeMatch(valueAt(one, 'match')),
    routeDestination(one),
    origins.join(', ') || '-',
  ]);
}

function routeMatch(match: unknown): string {
  const path = text(match, 'path') ?? text(match, 'safeRegex', 'regex');
  const prefix = text(match, 'prefix') ?? text(match, 'pathSeparatedPrefix');
  return path ?? (prefix === undefined ? '/*' : `${prefix}*`);
}

function routeDestination(route: unknown): string {
  const status = text(route, 'directResponse', 'status');
  if (status !== undefined) return `Status: ${status}`;
  const weighted = items(route, 'route', 'weightedClusters', 'clusters').map((one) => text(one, 'name') ?? '-');
  return text(route, 'route', 'cluster') ?? (weighted.join(', ') || '-');
}

function endpointRows({ name, json }: ProxyResource): readonly (readonly string[])[] {
  const endpoints = items(json, 'endpoints').flatMap((locality) => items(locality, 'lbEndpoints'));
  return endpoints.map((one) => {
    const socket = valueAt(one, 'endpoint', 'address', 'socketAddress');
    const address = `${text(socket, 'address') ?? '-'}:${text(socket, 'portValue') ?? '-'}`;
    return [address, text(one, 'healthStatus') ?? 'UNKNOWN', name];
  });
}

function secretRow({ name, json, version }: ProxyResource): readonly string[] {
  const type = valueAt(json, 'validationContext') === undefined ? 'Cert Chain' : 'CA';
  return [name, type, version];
}

function byCells(left: readonly string[], right: readonly string[]): number {
  const [from, to] = [left.join('\0'), right.join('\0')];
  return from < to ? -1 : Number(from > to);
}
