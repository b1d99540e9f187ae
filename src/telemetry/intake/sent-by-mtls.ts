// Whether what a proxy sent on within the mesh went by the mesh's mTLS, as that proxy saw it: it showed its workload's own
// certificate, or it did not. Nobody's configuration is asked, which may be another by the time that this is told.
import { isIdentityOf } from '../../api/spiffe.ts';
import type { Destination, Source } from '../traffic.ts';

export interface SentOn {
  readonly destination: Destination;
  readonly via: readonly string[];
  /** Whether there was an upstream that it reached. */
  readonly reached: boolean;
  /** As in Onward; undefined: not told. */
  readonly shownAs: string | undefined;
}

/** Nothing where it left the mesh at once, went nowhere, or nobody tells. */
export function sentByMtls(own: Source, { destination, via, reached, shownAs }: SentOn): { readonly mtls?: boolean } {
  const within = destination.kind === 'service' || via.length > 0;
  return within && reached && shownAs !== undefined ? { mtls: isIdentityOf(shownAs, own) } : {};
}
