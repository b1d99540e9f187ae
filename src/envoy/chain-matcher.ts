// Which filter chain of a listener a connection gets, as one matcher instead of a match per chain: its lists may
// grow and shrink without draining any chain (envoy-lab section 3: 10,000 names, 20 ms, held connections survive).
// Order as in Envoy's own filter chain match: destination address, then SNI, then plain HTTP.
// Envoy: a nested question without an answer is answered by the outer one's `on_no_match`, if it has one.
import { create, type MessageInitShape } from '@bufbuild/protobuf';
import { type Any, StringValueSchema } from '@bufbuild/protobuf/wkt';
import { anyOf } from './any.ts';
import {
  ApplicationProtocolInputSchema,
  DestinationIPInputSchema,
  DestinationPortInputSchema,
  ServerNameInputSchema,
  TransportProtocolInputSchema,
} from './gen/envoy/extensions/matching/common_inputs/network/v3/network_inputs_pb.js';
import { ServerNameMatcherSchema } from './gen/xds/type/matcher/v3/domain_pb.js';
import { IPMatcherSchema } from './gen/xds/type/matcher/v3/ip_pb.js';
import {
  type Matcher,
  type Matcher_OnMatch,
  Matcher_OnMatchSchema,
  MatcherSchema,
} from './gen/xds/type/matcher/v3/matcher_pb.js';
import { cidrRange } from './values.ts';

type OnMatch = Matcher_OnMatch;

/** A chain name, or a further question. */
export type ChainChoice = string | Matcher;

/** Server names -> chain; `*.example.com` matches every name below it, an exact name beats it. */
export interface ServerNameChain {
  readonly names: readonly string[];
  readonly chain: ChainChoice;
}

export interface AddressChain {
  /** Addresses or CIDRs; the longest match wins. */
  readonly ranges: readonly string[];
  readonly chain: ChainChoice;
}

export interface PortChains {
  readonly byAddress: readonly AddressChain[];
  readonly byServerName: readonly ServerNameChain[];
  /** TLS whose SNI is in none of those; the default chain if absent. */
  readonly tls?: string;
  /** Plain HTTP/1.1 and h2c; the default chain if absent. */
  readonly http?: string;
}

/** Undefined when every connection takes the default chain. */
export function buildChainMatcher(chains: PortChains): Matcher | undefined {
  const byProtocol = buildProtocolMatcher(chains);
  if (chains.byAddress.length === 0) return byProtocol;
  const custom = anyOf(IPMatcherSchema, {
    rangeMatchers: chains.byAddress.map(({ ranges, chain }) => ({
      ranges: ranges.map(cidrRange),
      onMatch: onMatch(chain),
    })),
  });
  return customTree(
    extension('destination-ip', anyOf(DestinationIPInputSchema, {})),
    extension('envoy.matching.custom_matchers.ip_range_matcher', custom),
    byProtocol,
  );
}

/** Asks for the SNI alone; what matches none goes to `otherwise`, or to the default chain. */
export function buildServerNameMatcher(
  byServerName: readonly ServerNameChain[],
  otherwise?: ChainChoice,
): Matcher | undefined {
  const input = extension('sni', anyOf(ServerNameInputSchema, {}));
  if (byServerName.length === 0) return undefined;
  // An exact map says for each name again what is to be done.
  const exact = byServerName.every(({ names }) => names.length <= 1 && !names.some((name) => name.startsWith('*')));
  if (exact) {
    return exactTree(
      input,
      byServerName.flatMap(({ names, chain }) => names.map((name) => [name, chain] as const)),
      otherwise,
    );
  }
  const custom = anyOf(ServerNameMatcherSchema, {
    domainMatchers: byServerName.map(({ names, chain }) => ({ domains: [...names], onMatch: onMatch(chain) })),
  });
  return customTree(input, extension('envoy.matching.custom_matchers.domain_matcher', custom), otherwise);
}

/** Asks for TLS alone; what is undefined takes the default chain, and is closed where there is none. */
export function buildTransportMatcher(chains: {
  readonly tls: ChainChoice | undefined;
  readonly plain: ChainChoice | undefined;
}): Matcher {
  const answers: (readonly [string, ChainChoice])[] = [];
  if (chains.tls !== undefined) answers.push(['tls', chains.tls]);
  if (chains.plain !== undefined) answers.push(['raw_buffer', chains.plain]);
  return exactTree(extension('transport', anyOf(TransportProtocolInputSchema, {})), answers);
}

/** Asks for the port that the caller connected to. */
export function buildPortMatcher(byPort: readonly (readonly [number, ChainChoice])[], otherwise: ChainChoice): Matcher {
  const input = extension('destination-port', anyOf(DestinationPortInputSchema, {}));
  return exactTree(
    input,
    byPort.map(([port, choice]) => [String(port), choice]),
    otherwise,
  );
}

/** TLS gets `tls`; all else `otherwise`. */
export function buildTlsMatcher(tls: ChainChoice, otherwise: ChainChoice): Matcher {
  return exactTree(extension('transport', anyOf(TransportProtocolInputSchema, {})), [['tls', tls]], otherwise);
}

/** TLS whose caller's first offer by ALPN begins so gets `mutual`; all else `otherwise`. */
export function buildAlpnMatcher(alpn: string, mutual: ChainChoice, otherwise: ChainChoice): Matcher {
  const value = { map: { [`'${alpn}`]: onMatch(mutual) } };
  const input = extension('application-protocol', anyOf(ApplicationProtocolInputSchema, {}));
  const offered = tree({ input, treeType: { case: 'prefixMatchMap', value } }, otherwise);
  return buildTlsMatcher(offered, otherwise);
}

/** Asks for plain HTTP alone. */
export function buildHttpMatcher(http: ChainChoice, otherwise: ChainChoice): Matcher {
  const transport = extension('transport', anyOf(TransportProtocolInputSchema, {}));
  return exactTree(transport, [['raw_buffer', buildPlainHttpMatcher(http, otherwise)]], otherwise);
}

function buildProtocolMatcher({ byServerName, tls, http }: PortChains): Matcher | undefined {
  const answers: (readonly [string, ChainChoice])[] = [];
  const serverName = buildServerNameMatcher(byServerName, tls) ?? tls;
  if (serverName !== undefined) answers.push(['tls', serverName]);
  if (http !== undefined) answers.push(['raw_buffer', buildPlainHttpMatcher(http)]);
  return answers.length === 0
    ? undefined
    : exactTree(extension('transport', anyOf(TransportProtocolInputSchema, {})), answers);
}

/** Istio: only http/1.1 and h2c count as HTTP, so HTTP/1.0 is handled as plain TCP. */
function buildPlainHttpMatcher(chain: ChainChoice, otherwise?: ChainChoice): Matcher {
  const answers = [
    ["'http/1.1'", chain],
    ["'h2c'", chain],
  ] as const;
  return exactTree(extension('application-protocol', anyOf(ApplicationProtocolInputSchema, {})), answers, otherwise);
}

function extension(name: string, typedConfig: Any) {
  return { name, typedConfig };
}

function onMatch(choice: ChainChoice): OnMatch {
  if (typeof choice !== 'string') return create(Matcher_OnMatchSchema, { onMatch: { case: 'matcher', value: choice } });
  const action = extension(choice, anyOf(StringValueSchema, { value: choice }));
  return create(Matcher_OnMatchSchema, { onMatch: { case: 'action', value: action } });
}

type Tree = Extract<
  NonNullable<MessageInitShape<typeof MatcherSchema>['matcherType']>,
  { case: 'matcherTree' }
>['value'];

function tree(value: Tree, otherwise: ChainChoice | undefined): Matcher {
  return create(MatcherSchema, {
    matcherType: { case: 'matcherTree', value },
    ...(otherwise === undefined ? {} : { onNoMatch: onMatch(otherwise) }),
  });
}

function exactTree(
  input: ReturnType<typeof extension>,
  answers: readonly (readonly [string, ChainChoice])[],
  otherwise?: ChainChoice,
): Matcher {
  const map = Object.fromEntries(answers.map(([key, choice]) => [key, onMatch(choice)]));
  return tree({ input, treeType: { case: 'exactMatchMap', value: { map } } }, otherwise);
}

function customTree(
  input: ReturnType<typeof extension>,
  custom: ReturnType<typeof extension>,
  otherwise: ChainChoice | undefined,
): Matcher {
  return tree({ input, treeType: { case: 'customMatch', value: custom } }, otherwise);
}
