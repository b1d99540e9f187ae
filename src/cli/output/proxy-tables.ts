// Envoy's resources as istioctl's tables. They come as protobuf's JSON form with Envoy's field names, in which a
// field with its default value is absent; whatever is not as expected becomes `-`. Behind every piece stand whether the
// proxy took it, in the words of `proxy-status`, and the objects that it came from.
import { someOf } from '../../platform/some-of.ts';
import type { ConfigType, ProxyResource } from '../../server/wire.ts';
import { items, text, valueAt } from './json-value.ts';
import { listenerHeader, listenerRows } from './listener-rows.ts';

export interface ProxyTable {
  readonly header: readonly string[];
  readonly rows: () => readonly (readonly string[])[];
}

type Resources = (type: ConfigType) => readonly ProxyResource[];

/** By view: clusters, listeners, routes, endpoints, secrets. */
export function proxyTables(of: Resources): ReadonlyMap<string, ProxyTable> {
  return new Map([
    ['clusters', { header: clusterHeader, rows: () => of('clusters').map(clusterRow).toSorted(byCells) }],
    [
      'listeners',
      {
        header: listenerHeader,
        rows: () => of('listeners').flatMap((listener) => listenerRows(listener, told(listener))),
      },
    ],
    [
      'routes',
      {
        header: routeHeader,
        rows: () => [...of('routes').flatMap(routeRows), ...of('virtualhosts').flatMap(lateHostRows)],
      },
    ],
    [
      'endpoints',
      {
        header: endpointHeader,
        rows: () => [...of('clusters').flatMap(namedEndpointRows), ...of('endpoints').flatMap(ownEndpointRows)],
      },
    ],
    ['secrets', { header: secretHeader, rows: () => of('secrets').map(secretRow) }],
  ]);
}

/** The last cells of a row. */
function told({ state, origins }: ProxyResource): readonly [state: string, origin: string] {
  return [state.replace('_', ' '), someOf(origins, mostOrigins) || '-'];
}

const mostOrigins = 4;

const clusterHeader = ['SERVICE FQDN', 'PORT', 'SUBSET', 'DIRECTION', 'TYPE', 'STATE', 'ORIGIN'];

/** `outbound|80|v1|httpbin.org` says direction, port, subset and host; other names stand for themselves. */
function clusterRow(resource: ProxyResource): readonly string[] {
  const { name, json } = resource;
  const parts = name.split('|');
  const [direction = '-', port, subset, host = name] = parts.length === 4 ? parts : ['-', '-', '-', name];
  return [host, port || '-', subset || '-', direction || '-', clusterType(json), ...told(resource)];
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

const routeHeader = ['NAME', 'VHOST NAME', 'DOMAINS', 'MATCH', 'DESTINATION', 'STATE', 'ORIGIN'];

function routeRows(resource: ProxyResource): readonly (readonly string[])[] {
  return items(resource.json, 'virtual_hosts').flatMap((host) => hostRows(resource.name, host, told(resource)));
}

/** A virtual host of its own is named `ROUTE/HOST`. */
function lateHostRows(resource: ProxyResource): readonly (readonly string[])[] {
  return hostRows(resource.name.split('/')[0] ?? resource.name, resource.json, told(resource));
}

function hostRows(route: string, host: unknown, last: readonly string[]): readonly (readonly string[])[] {
  const domains = items(host, 'domains').map(String).join(', ');
  return items(host, 'routes').map((one) => [
    route,
    text(host, 'name') ?? '-',
    domains,
    routeMatch(valueAt(one, 'match')),
    routeDestination(one),
    ...last,
  ]);
}

function routeMatch(match: unknown): string {
  const path = text(match, 'path') ?? text(match, 'safe_regex', 'regex');
  const prefix = text(match, 'prefix') ?? text(match, 'path_separated_prefix');
  const where = path ?? (prefix === undefined ? '/*' : `${prefix}*`);
  const headers = items(match, 'headers').map((header) => text(header, 'name') ?? '-');
  const parameters = items(match, 'query_parameters').map((parameter) => `?${text(parameter, 'name') ?? '-'}`);
  return [where, ...headers, ...parameters].join(' ');
}

function routeDestination(route: unknown): string {
  const status = text(route, 'direct_response', 'status');
  if (status !== undefined) return `Status: ${status}`;
  if (valueAt(route, 'redirect') !== undefined) return `Redirect: ${text(route, 'redirect', 'host_redirect') ?? ''}`;
  const weighted = items(route, 'route', 'weighted_clusters', 'clusters').map((one) => text(one, 'name') ?? '-');
  return text(route, 'route', 'cluster') ?? (weighted.join(', ') || '-');
}

const endpointHeader = ['ENDPOINT', 'HEALTH', 'CLUSTER', 'STATE', 'ORIGIN'];

function ownEndpointRows(resource: ProxyResource): readonly (readonly string[])[] {
  return endpointRows(resource, resource.json);
}

/** Names that the proxy resolves itself stand in the cluster. */
function namedEndpointRows(resource: ProxyResource): readonly (readonly string[])[] {
  return endpointRows(resource, valueAt(resource.json, 'load_assignment'));
}

function endpointRows(resource: ProxyResource, assignment: unknown): readonly (readonly string[])[] {
  const endpoints = items(assignment, 'endpoints').flatMap((locality) => items(locality, 'lb_endpoints'));
  return endpoints.map((one) => {
    const address = valueAt(one, 'endpoint', 'address');
    const socket = `${text(address, 'socket_address', 'address') ?? '-'}:${text(address, 'socket_address', 'port_value') ?? '-'}`;
    const shown = text(address, 'pipe', 'path') ?? socket;
    return [shown, text(one, 'health_status') ?? 'UNKNOWN', resource.name, ...told(resource)];
  });
}

const secretHeader = [
  'RESOURCE NAME',
  'TYPE',
  'VALID',
  'SERIAL NUMBER',
  'NOT AFTER',
  'NOT BEFORE',
  'IDENTITY',
  'STATE',
  'ORIGIN',
];

/** Of several certificates the first, which is the one that is shown to others. */
function secretRow(resource: ProxyResource): readonly string[] {
  const { name, json } = resource;
  const [first] = items(json, 'certificates');
  const [from = '-', until = '-'] = [text(first, 'notBefore'), text(first, 'notAfter')];
  const valid = Date.parse(from) <= Date.now() && Date.now() <= Date.parse(until);
  const type = text(json, 'type') === 'CERTIFICATE' ? 'Cert Chain' : 'CA';
  const [, identity = '-'] = /^URI:(spiffe:.*)$/.exec(text(first, 'subjectAltName') ?? '') ?? [];
  return [name, type, String(valid), text(first, 'serialNumber') ?? '-', until, from, identity, ...told(resource)];
}

function byCells(left: readonly string[], right: readonly string[]): number {
  const [from, to] = [left.join('\0'), right.join('\0')];
  return from < to ? -1 : Number(from > to);
}
