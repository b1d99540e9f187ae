// An EgressPolicy as the mesh knows it: who may reach which hosts on which ports, and with which requests.
// Invariant: what chooses workloads and is empty chooses none.
import type { Protocol } from '../../api/protocol.ts';
import type { Origin } from '../origin.ts';
import type { LabelSelector } from '../selector.ts';
import type { GatewayName } from './gateway-name.ts';

export interface EgressPolicy extends Origin {
  /** Of the root namespace, for workloads of every namespace. */
  readonly meshWide: boolean;
  /** Undefined: every workload that it is for. */
  readonly sources: readonly PolicySource[] | undefined;
  /** Normalised; may be `*.example.com`. */
  readonly hosts: readonly string[];
  readonly ports: ReadonlyMap<number, Protocol>;
  /** Undefined: all requests. */
  readonly requests: PolicyRequests | undefined;
  readonly mode: PolicyMode;
  /** Traffic leaves from there; undefined: from the sidecars. */
  readonly gateway: GatewayName | undefined;
  /** Its time is over: it allows nobody, and its hosts stay closed to those whom nothing else allows them. */
  readonly expired: boolean;
}

/** `open`: nobody is stopped. `report`: nobody is stopped, and told is who would be. */
export type PolicyMode = 'open' | 'report' | 'enforce';

/** All that is there must be so; at least one is. */
export interface PolicySource {
  readonly selector: LabelSelector | undefined;
  readonly serviceAccounts: readonly string[] | undefined;
  readonly namespaces: readonly string[] | undefined;
}

/** Both must be so; undefined: any. */
export interface PolicyRequests {
  readonly methods: readonly string[] | undefined;
  /** `/v1/charges`, or `/v1/*` for all that begins so. */
  readonly paths: readonly string[] | undefined;
}

/** `EgressPolicy/default/payments`. */
export function egressPolicyOrigin({ namespace, name }: Pick<Origin, 'namespace' | 'name'>): string {
  return `EgressPolicy/${namespace}/${name}`;
}
