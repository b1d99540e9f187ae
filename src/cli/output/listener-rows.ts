// A listener as rows of `proxy-config listeners`: one for each filter chain, with what leads a connection to it. Chains are
// chosen by a match of their own or by the listener's matcher, a tree of questions whose answers name chains.
import { someOf } from '../../platform/some-of.ts';
import type { ProxyResource } from '../../server/wire.ts';
import { items, text, valueAt } from './json-value.ts';

export const listenerHeader = ['NAME', 'ADDRESS', 'PORT', 'MATCH', 'DESTINATION', 'STATE', 'ORIGIN'];

export function listenerRows(
  { name, json }: ProxyResource,
  told: readonly [state: string, origin: string],
): readonly (readonly string[])[] {
  const address = text(json, 'address', 'socket_address', 'address') ?? '-';
  const port = text(json, 'address', 'socket_address', 'port_value') ?? '-';
  const conditions = chainConditions(valueAt(json, 'filter_chain_matcher'));
  const chains = items(json, 'filter_chains').map((chain) => [chainMatch(chain, conditions), chain] as const);
  const rest = valueAt(json, 'default_filter_chain');
  const all = rest === undefined ? chains : [...chains, [chains.length === 0 ? 'ALL' : 'otherwise', rest] as const];
  return all.map(([match, chain]) => [name, address, port, match, chainDestination(chain), ...told]);
}

function chainMatch(chain: unknown, conditions: ReadonlyMap<string, readonly string[]>): string {
  const match = valueAt(chain, 'filter_chain_match');
  const name = text(chain, 'name') ?? 'ALL';
  const parts = [
    ...several('SNI', items(match, 'server_names').map(String)),
    ...several('App', items(match, 'application_protocols').map(String)),
    ...several(
      'Trans',
      [text(match, 'transport_protocol')].flatMap((transport) => transport ?? []),
    ),
    ...several(
      'Port',
      [text(match, 'destination_port')].flatMap((port) => port ?? []),
    ),
    ...several('Addr', items(match, 'prefix_ranges').map(rangeText)),
    ...(conditions.get(name) ?? []),
  ];
  return parts.length === 0 ? name : parts.join('; ');
}

function several(what: string, values: readonly string[]): readonly string[] {
  return values.length === 0 ? [] : [`${what}: ${someOf(values)}`];
}

/** Envoy's names of what a matcher asks for, as istioctl writes them. */
const questions = new Map([
  ['sni', 'SNI'],
  ['transport', 'Trans'],
  ['application-protocol', 'App'],
  ['destination-ip', 'Addr'],
]);

/** By chain: what a connection must be for the matcher to lead there, one text for each question. */
function chainConditions(matcher: unknown): ReadonlyMap<string, readonly string[]> {
  const found = new Map<string, Map<string, Set<string>>>();
  visit(matcher, []);
  return new Map(
    [...found].map(([chain, asked]) => [chain, [...asked].flatMap(([key, set]) => several(key, [...set]))]),
  );

  function visit(node: unknown, path: readonly (readonly [string, string])[]): void {
    const tree = valueAt(node, 'matcher_tree');
    if (tree === undefined) return;
    const input = text(tree, 'input', 'name') ?? '-';
    const question = questions.get(input) ?? input;
    for (const [answer, next] of answersOf(tree)) follow(next, [...path, [question, answer]]);
    follow(valueAt(node, 'on_no_match'), path);
  }

  function follow(onMatch: unknown, path: readonly (readonly [string, string])[]): void {
    visit(valueAt(onMatch, 'matcher'), path);
    const chain = text(onMatch, 'action', 'name');
    if (chain === undefined) return;
    const asked = found.get(chain) ?? new Map<string, Set<string>>();
    for (const [question, answer] of path) asked.set(question, (asked.get(question) ?? new Set()).add(answer));
    found.set(chain, asked);
  }
}

function answersOf(tree: unknown): readonly (readonly [string, unknown])[] {
  const map = valueAt(tree, 'exact_match_map', 'map');
  const exact = typeof map === 'object' && map !== null ? Object.entries(map) : [];
  const custom = valueAt(tree, 'custom_match', 'typed_config');
  const domains = items(custom, 'domain_matchers').flatMap((one) =>
    items(one, 'domains').map((domain) => [String(domain), valueAt(one, 'on_match')] as const),
  );
  const ranges = items(custom, 'range_matchers').flatMap((one) =>
    items(one, 'ranges').map((range) => [rangeText(range), valueAt(one, 'on_match')] as const),
  );
  return [...exact.map(([answer, next]) => [answer.replaceAll("'", ''), next] as const), ...domains, ...ranges];
}

function rangeText(range: unknown): string {
  return `${text(range, 'address_prefix') ?? '-'}/${text(range, 'prefix_len') ?? '0'}`;
}

/** Where the last filter of a chain sends what it gets. */
function chainDestination(chain: unknown): string {
  const filters = items(chain, 'filters');
  const config = valueAt(filters.at(-1), 'typed_config');
  const route = text(config, 'rds', 'route_config_name') ?? text(config, 'route_config', 'name');
  if (route !== undefined) return `Route: ${route}`;
  const byName = filters.flatMap((filter) => items(filter, 'typed_config', 'on_new_connection')).find(isClusterName);
  const pattern = text(byName, 'format_string', 'text_format_source', 'inline_string');
  if (pattern !== undefined) return `Cluster: ${pattern.replace('%REQUESTED_SERVER_NAME%', '<SNI>')}`;
  const weighted = items(config, 'weighted_clusters', 'clusters').map((one) => text(one, 'name') ?? '-');
  const cluster = text(config, 'cluster') ?? weighted.join(', ');
  return cluster === '' ? '-' : `Cluster: ${cluster}`;
}

function isClusterName(value: unknown): boolean {
  return text(value, 'object_key') === 'envoy.tcp_proxy.cluster';
}
