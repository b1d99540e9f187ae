// How much of what went within the mesh, or to its gateways, went by mTLS: what flows and edges of the graph tell of it.

export interface MtlsUse {
  /** Whether all of it did. Absent: nothing is known, as of all that left the mesh at once, or reached nobody. */
  readonly mtls?: boolean;
  /** Requests and connections that did, and that did not; both are there where `mtls` is. */
  readonly withMtls?: number;
  readonly withoutMtls?: number;
}

export function mtlsUse(withMtls: number, withoutMtls: number): MtlsUse {
  return withMtls + withoutMtls === 0 ? {} : { mtls: withoutMtls === 0, withMtls, withoutMtls };
}
