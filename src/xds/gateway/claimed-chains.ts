// Chains for TLS at a gateway, with the rank of the namespace that claims each of their server names (mesh/ownership.ts).
import type { GatewayTlsChain } from '../../envoy/gateway-listener.ts';

export interface ClaimedChain {
  readonly chain: GatewayTlsChain;
  /** Of each server name. */
  readonly ranks: ReadonlyMap<string, number>;
}

/** None where no name counts. */
export function claimedChain(
  chain: Omit<GatewayTlsChain, 'serverNames'>,
  names: Iterable<string>,
  rankOf: (name: string) => number | undefined,
): readonly ClaimedChain[] {
  const ranks = ranked(names, rankOf);
  return ranks.size === 0 ? [] : [{ chain: { ...chain, serverNames: [...ranks.keys()] }, ranks }];
}

/** Those that count. */
export function ranked(
  names: Iterable<string>,
  rankOf: (name: string) => number | undefined,
): ReadonlyMap<string, number> {
  const ranks = new Map<string, number>();
  for (const name of names) {
    const rank = rankOf(name);
    if (rank !== undefined) ranks.set(name, rank);
  }
  return ranks;
}

/** Istio: an SNI that stands in two rules is the first one's; here: of the namespace whose host it is, if it has one. */
export function withoutTaken(claims: readonly ClaimedChain[]): readonly GatewayTlsChain[] {
  const takers = new Map<string, { readonly claim: ClaimedChain; readonly rank: number }>();
  for (const claim of claims) {
    for (const [name, rank] of claim.ranks) {
      if (rank < (takers.get(name)?.rank ?? Number.POSITIVE_INFINITY)) takers.set(name, { claim, rank });
    }
  }
  return claims.flatMap((claim) => {
    const serverNames = claim.chain.serverNames.filter((name) => takers.get(name)?.claim === claim);
    return serverNames.length === 0 ? [] : [{ ...claim.chain, serverNames }];
  });
}
