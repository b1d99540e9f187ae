// A connection as a proxy's listener has it.
import type { Place } from '../matching/address.ts';
import type { Payload } from './request.ts';

export interface Connection {
  /** Where its sender connected to. */
  readonly place: Place;
  readonly port: number;
  /** Who sends it, by address; undefined where that is not known. */
  readonly source: string | undefined;
  /** The URI of the certificate that its sender showed, where TLS has ended. */
  readonly peer: string | undefined;
  /** Of TLS that was looked into, or has ended; empty: none. */
  readonly sni: string;
  /** What filters and listeners before have left. */
  readonly state: ReadonlyMap<string, string>;
  readonly payload: Payload;
}
