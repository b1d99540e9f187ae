// An AuthorizationPolicy as the mesh knows it: for which workloads it is, on which of their sides, and what its rules ask for.
// Source, operation and `when` of a rule are lists of the same kind of condition.
import type { Attribute } from '../api/kinds/authorization-policy-values.ts';
import type { Origin } from './origin.ts';
import type { LabelSelector } from './selector.ts';

export interface AuthorizationPolicy extends Origin {
  /** Undefined: all workloads of its namespace; of the root namespace's: of the mesh. */
  readonly workloadSelector: LabelSelector | undefined;
  readonly action: 'ALLOW' | 'DENY';
  /** What the workloads are sent, or what they send. */
  readonly boundTo: 'inbound' | 'outbound';
  /** One of them must match; none of none. */
  readonly rules: readonly AuthorizationRule[];
}

export interface AuthorizationRule {
  /** All conditions of one of them; empty: anyone. */
  readonly sources: readonly (readonly Condition[])[];
  /** All conditions of one of them; empty: anything. */
  readonly operations: readonly (readonly Condition[])[];
  /** And all of these. */
  readonly conditions: readonly Condition[];
}

export interface Condition {
  readonly attribute: Attribute;
  /** Of `request.headers`; in lower case. */
  readonly header?: string;
  /** One of them; empty: any. Hosts are in lower case, service accounts with their namespace. */
  readonly values: readonly string[];
  /** And none of these. */
  readonly notValues: readonly string[];
}

/** `AuthorizationPolicy/default/allow-web`. */
export function authorizationPolicyOrigin({ namespace, name }: AuthorizationPolicy): string {
  return `AuthorizationPolicy/${namespace}/${name}`;
}
