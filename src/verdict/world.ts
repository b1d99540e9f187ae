// What verdicts are made in: a mesh with its proxies, as it is or as a change would make it. Reading is all that is done to it.
import type { ProxyIdentity } from '../discovery/view.ts';
import type { Mesh } from '../mesh/mesh.ts';
import type { Attempt } from './attempt.ts';
import type { Verdict } from './verdict.ts';

export interface World {
  readonly mesh: Mesh;
  /** Workloads with a proxy, gateways among them. */
  readonly proxies: readonly ProxyIdentity[];
  verdictOf(caller: ProxyIdentity, attempt: Attempt): Verdict;
}
