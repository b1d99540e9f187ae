// Which filter chain of a listener takes a connection: by one matcher over the whole listener, by a port, or the default one.
import { StringValueSchema } from '@bufbuild/protobuf/wkt';
import type { FilterChain } from '../../envoy/gen/envoy/config/listener/v3/listener_components_pb.js';
import type { Listener } from '../../envoy/gen/envoy/config/listener/v3/listener_pb.js';
import {
  ApplicationProtocolInputSchema,
  DestinationIPInputSchema,
  DestinationPortInputSchema,
  ServerNameInputSchema,
  TransportProtocolInputSchema,
} from '../../envoy/gen/envoy/extensions/matching/common_inputs/network/v3/network_inputs_pb.js';
import { ServerNameMatcherSchema } from '../../envoy/gen/xds/type/matcher/v3/domain_pb.js';
import { IPMatcherSchema } from '../../envoy/gen/xds/type/matcher/v3/ip_pb.js';
import type { Matcher, Matcher_MatcherTree, Matcher_OnMatch } from '../../envoy/gen/xds/type/matcher/v3/matcher_pb.js';
import { isInRange } from '../matching/address.ts';
import type { Questions } from '../questions.ts';
import { readAny } from '../reading/message.ts';
import { Untellable } from '../untellable.ts';
import type { Connection } from './connection.ts';
import type { Inspected } from './inspection.ts';

/** Undefined: none; the connection is closed. */
export function chooseChain(
  { filterChains, filterChainMatcher, defaultFilterChain }: Listener,
  connection: Connection,
  inspected: Inspected,
  questions: Questions,
): FilterChain | undefined {
  if (filterChainMatcher !== undefined) {
    const name = resolve(filterChainMatcher, { connection, inspected, questions });
    return (name === undefined ? undefined : filterChains.find((chain) => chain.name === name)) ?? defaultFilterChain;
  }
  const byPort = filterChains.find((chain) => chain.filterChainMatch?.destinationPort === connection.port);
  return byPort ?? filterChains.find(({ filterChainMatch }) => filterChainMatch === undefined) ?? defaultFilterChain;
}

interface Inputs {
  readonly connection: Connection;
  readonly inspected: Inspected;
  readonly questions: Questions;
}

function resolve({ matcherType, onNoMatch }: Matcher, inputs: Inputs): string | undefined {
  if (matcherType.case !== 'matcherTree') throw new Untellable(`a matcher ${matcherType.case}`);
  for (const onMatch of candidates(matcherType.value, inputs)) {
    const name = answer(onMatch, inputs);
    if (name !== undefined) return name;
  }
  return onNoMatch === undefined ? undefined : answer(onNoMatch, inputs);
}

function answer({ onMatch }: Matcher_OnMatch, inputs: Inputs): string | undefined {
  if (onMatch.case === 'matcher') return resolve(onMatch.value, inputs);
  const action = onMatch.case === 'action' ? readAny(StringValueSchema, onMatch.value.typedConfig) : undefined;
  if (action === undefined) throw new Untellable(`a matcher that answers by ${onMatch.case}`);
  return action.value;
}

/** Those that fit, the best first. */
function candidates({ input, treeType }: Matcher_MatcherTree, inputs: Inputs): readonly Matcher_OnMatch[] {
  const is = (schema: Parameters<typeof readAny>[0]) => readAny(schema, input?.typedConfig) !== undefined;
  if (treeType.case === 'customMatch') {
    if (is(DestinationIPInputSchema)) return byRange(treeType.value.typedConfig, inputs);
    if (is(ServerNameInputSchema)) return byDomain(treeType.value.typedConfig, inputs.inspected.sni);
    throw new Untellable(`a matcher ${treeType.value.name} for ${input?.typedConfig?.typeUrl}`);
  }
  const value = inputOf(is, inputs, input?.typedConfig?.typeUrl);
  if (value === undefined) return [];
  if (treeType.case === 'exactMatchMap') {
    const exact = Object.hasOwn(treeType.value.map, value) ? treeType.value.map[value] : undefined;
    return exact === undefined ? [] : [exact];
  }
  if (treeType.case !== 'prefixMatchMap') throw new Untellable(`a matcher tree ${treeType.case}`);
  return Object.entries(treeType.value.map)
    .filter(([prefix]) => value.startsWith(prefix))
    .sort(([a], [b]) => b.length - a.length)
    .map(([, onMatch]) => onMatch);
}

function inputOf(
  is: (schema: Parameters<typeof readAny>[0]) => boolean,
  { connection, inspected }: Inputs,
  type: string | undefined,
): string | undefined {
  if (is(TransportProtocolInputSchema)) return inspected.transport;
  if (is(DestinationPortInputSchema)) return String(connection.port);
  if (is(ServerNameInputSchema)) return inspected.sni === '' ? undefined : inspected.sni;
  if (is(ApplicationProtocolInputSchema)) {
    return inspected.protocols.length === 0 ? undefined : inspected.protocols.map((one) => `'${one}'`).join(',');
  }
  throw new Untellable(`a matcher that asks for ${type}`);
}

function byDomain(config: Parameters<typeof readAny>[1], sni: string): readonly Matcher_OnMatch[] {
  const matcher = readAny(ServerNameMatcherSchema, config);
  if (matcher === undefined) throw new Untellable(`a matcher of server names ${config?.typeUrl}`);
  if (sni === '') return [];
  return matcher.domainMatchers
    .flatMap(({ domains, onMatch }) => domains.map((domain) => ({ domain, onMatch })))
    .filter(
      ({ domain }) => domain === sni || domain === '*' || (domain.startsWith('*.') && sni.endsWith(domain.slice(1))),
    )
    .sort((a, b) => Number(b.domain === sni) - Number(a.domain === sni) || b.domain.length - a.domain.length)
    .flatMap(({ onMatch }) => onMatch ?? []);
}

function byRange(config: Parameters<typeof readAny>[1], { connection, questions }: Inputs): readonly Matcher_OnMatch[] {
  const matcher = readAny(IPMatcherSchema, config);
  if (matcher === undefined) throw new Untellable(`a matcher of addresses ${config?.typeUrl}`);
  return matcher.rangeMatchers
    .flatMap(({ ranges, onMatch }) => ranges.map((range) => ({ range, onMatch })))
    .sort((a, b) => (b.range.prefixLen ?? 0) - (a.range.prefixLen ?? 0))
    .filter(({ range }) => isInRange(connection.place, range, questions))
    .flatMap(({ onMatch }) => onMatch ?? []);
}
