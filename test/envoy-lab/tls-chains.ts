// The filter chains for TLS that the tests of this folder share.
import { type Json, typed } from './envoy-json.ts';

/** set_filter_state: tcp_proxy behind it goes to `outbound|443||<SNI>`. */
export const clusterFromSni: Json = {
  name: 'envoy.filters.network.set_filter_state',
  typed_config: typed('envoy.extensions.filters.network.set_filter_state.v3.Config', {
    on_new_connection: [
      {
        object_key: 'envoy.tcp_proxy.cluster',
        format_string: { text_format_source: { inline_string: 'outbound|443||%REQUESTED_SERVER_NAME%' } },
      },
    ],
  }),
};

const serverNameInput = {
  name: 'sni',
  typed_config: typed('envoy.extensions.matching.common_inputs.network.v3.ServerNameInput'),
};

function chainAction(name: string): Json {
  return { action: { name: 'chain', typed_config: typed('google.protobuf.StringValue', { value: name }) } };
}

/** A filter_chain_matcher that sends each of these exact SNIs to the chain. */
export function exactChainMatcher(chain: string, hosts: readonly string[]): Json {
  const map = Object.fromEntries(hosts.map((host) => [host, chainAction(chain)]));
  return { matcher_tree: { input: serverNameInput, exact_match_map: { map } } };
}

/** A filter_chain_matcher by the domain matcher, for `*.` names as well. */
export function domainChainMatcher(chainOf: ReadonlyMap<string, string>): Json {
  const domainMatchers = [...chainOf].map(([domain, chain]) => ({ domains: [domain], on_match: chainAction(chain) }));
  const matcher = typed('xds.type.matcher.v3.ServerNameMatcher', { domain_matchers: domainMatchers });
  const custom = { name: 'envoy.matching.custom_matchers.domain_matcher', typed_config: matcher };
  return { matcher_tree: { input: serverNameInput, custom_match: custom } };
}
