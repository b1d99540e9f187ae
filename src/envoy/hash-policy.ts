// What of a request a route hashes, for clusters that choose their endpoint by it. Envoy: RouteAction.HashPolicy. Raw
// connections have nothing but their source (network-filters.ts).
import type { MessageInitShape } from '@bufbuild/protobuf';
import type { RouteAction_HashPolicySchema } from './gen/envoy/config/route/v3/route_components_pb.js';
import { seconds } from './values.ts';

export type HashPolicy =
  | { readonly kind: 'header'; readonly name: string }
  | { readonly kind: 'query'; readonly name: string }
  /** The caller's address. */
  | { readonly kind: 'source' }
  | {
      readonly kind: 'cookie';
      readonly name: string;
      readonly path?: string | undefined;
      /** Whoever has none is given one for so long; 0: for the session. Undefined: nobody is given one. */
      readonly ttlMs?: number | undefined;
      /** Of the cookie that is given. */
      readonly attributes?: readonly { readonly name: string; readonly value: string }[];
    };

export function buildHashPolicy(policy: HashPolicy): MessageInitShape<typeof RouteAction_HashPolicySchema> {
  switch (policy.kind) {
    case 'header':
      return { policySpecifier: { case: 'header', value: { headerName: policy.name } } };
    case 'query':
      return { policySpecifier: { case: 'queryParameter', value: { name: policy.name } } };
    case 'source':
      return { policySpecifier: { case: 'connectionProperties', value: { sourceIp: true } } };
    case 'cookie': {
      const { name, path = '', ttlMs, attributes = [] } = policy;
      const ttl = ttlMs === undefined ? {} : { ttl: seconds(ttlMs / 1000) };
      const value = { name, path, ...ttl, attributes: attributes.map((attribute) => ({ ...attribute })) };
      return { policySpecifier: { case: 'cookie', value } };
    }
  }
}
