// Envoy's resources as istioctl's tables. They come as protobuf's JSON form with Envoy's field names, in which a
// field with its default value is absent; whatever is not as expected becomes `-`.
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
    ['secrets', { header: secretHeader, rows: () => of('secrets').map(secretRow) }],
  ]);
}

const clusterHeader = ['SERVICE FQDN', 'PORT', 'SUBSET', 'DIRECTION', 'TYPE', 'ORIGIN'];

/** `outbound|80|v1|httpbin.org` says direction, port, subset and host; other names stand for themselves. */
function clusterRow({ name, json, origins }: ProxyResource): readonly string[] {
  const parts = name.split('|');
  const [direction = '-', port, subset, host = name] = parts.length === 4 ? parts : ['-', '-', '-', name];
  return [host, port || '-', subset || '-', direction || '-', clusterType(json), origins.join(', ') || '-'];
}

/** In Envoy's older words, which people know: STRICT_DNS, LOGICAL_DNS. */
function clusterType(cluster: unknown): string {
  switch (text(cluster, 'cluster_type', 'name')) {
    case undefined:
      return text(cluster, 'type') ?? 'STATIC';
    case 'envoy.cluster.dns': {
      const single = valueAt(cluster, 'cluster_type', 'typed_config', 'all_addresses_in_single_endpoint') === true;
      return single ? 'LOGICAL_DNS' : 'STRICT_DNS';
    }
    default:
      return 'DYNAMIC_DNS';
  }
}

const listenerHeader = ['NAME', 'ADDRESS', 'PORT', 'MATCH', 'DESTINATION'];

function listenerRows({ name, json }: ProxyResource): readonly (readonly string[])[] {
  const address = text(json, 'address', 'socket_address', 'address') ?? '-';
  const port = text(json, 'address', 'socket_address', 'port_value') ?? '-';
  const chains = [...items(json, 'filter_chains'), ...[valueAt(json, 'default_filter_chain')].filter(Boolean)];
  return chains.map((chain) => [name, address, port, chainMatch(chain), chainDestination(chain)]);
}

function chainMatch(chain: unknown): string {
  const match = valueAt(chain, 'filter_chain_match');
  const parts = [
    ...items(match, 'server_names').map((sni) => `SNI: ${String(sni)}`),
    ...items(match, 'application_protocols').map((protocol) => `App: ${String(protocol)}`),
    ...[text(match, 'transport_protocol')].flatMap((transport) =>
      transport === undefined ? [] : [`Trans: ${transport}`],
    ),
    ...items(match, 'prefix_ranges').map(
      (range) => `Addr: ${text(range, 'address_prefix')}/${text(range, 'prefix_len')}`,
    ),
  ];
  return parts.length === 0 ? (text(chain, 'name') ?? 'ALL') : parts.join('; ');
}

/** Where the last filter of a chain sends what it gets. */
function chainDestination(chain: unknown): string {
  const config = valueAt(items(chain, 'filters').at(-1), 'typed_config');
  const route = text(config, 'rds', 'route_config_name') ?? text(config, 'route_config', 'name');
  if (route !== undefined) return `Route: ${route}`;
  const weighted = items(config, 'weighted_clusters', 'clusters').map((one) => text(one, 'name') ?? '-');
  const cluster = text(config, 'cluster') ?? weighted.join(', ');
  return cluster === '' ? '-' : `Cluster: ${cluster}`;
}

const routeHeader = ['NAME', 'VHOST NAME', 'DOMAINS', 'MATCH', 'DESTINATION', 'ORIGIN'];

function routeRows(resource: ProxyResource): readonly (readonly string[])[] {
  return items(resource.json, 'virtual_hosts').flatMap((host) => hostRows(resource.name, host, resource.origins));
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
  const path = text(match, 'path') ?? text(match, 'safe_regex', 'regex');
  const prefix = text(match, 'prefix') ?? text(match, 'path_separated_prefix');
  return path ?? (prefix === undefined ? '/*' : `${prefix}*`);
}

function routeDestination(route: unknown): string {
  const status = text(route, 'direct_response', 'status');
  if (status !== undefined) return `Status: ${status}`;
  if (valueAt(route, 'redirect') !== undefined) return `Redirect: ${text(route, 'redirect', 'host_redirect') ?? ''}`;
  const weighted = items(route, 'route', 'weighted_clusters', 'clusters').map((one) => text(one, 'name') ?? '-');
  return text(route, 'route', 'cluster') ?? (weighted.join(', ') || '-');
}

function endpointRows({ name, json }: ProxyResource): readonly (readonly string[])[] {
  const endpoints = items(json, 'endpoints').flatMap((locality) => items(locality, 'lb_endpoints'));
  return endpoints.map((one) => {
    const socket = valueAt(one, 'endpoint', 'address', 'socket_address');
    const address = `${text(socket, 'address') ?? '-'}:${text(socket, 'port_value') ?? '-'}`;
    return [address, text(one, 'health_status') ?? 'UNKNOWN', name];
  });
}

const secretHeader = ['RESOURCE NAME', 'TYPE', 'VALID', 'SERIAL NUMBER', 'NOT AFTER', 'NOT BEFORE'];

/** Of several certificates the first, which is the one that is shown to others. */
function secretRow({ name, json }: ProxyResource): readonly string[] {
  const [first] = items(json, 'certificates');
  const [from = '-', until = '-'] = [text(first, 'notBefore'), text(first, 'notAfter')];
  const valid = Date.parse(from) <= Date.now() && Date.now() <= Date.parse(until);
  const type = text(json, 'type') === 'CERTIFICATE' ? 'Cert Chain' : 'CA';
  return [name, type, String(valid), text(first, 'serialNumber') ?? '-', until, from];
}

function byCells(left: readonly string[], right: readonly string[]): number {
  const [from, to] = [left.join('\0'), right.join('\0')];
  return from < to ? -1 : Number(from > to);
}
