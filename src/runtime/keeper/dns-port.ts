// Which port of its address a pod's DNS is answered on. The usual one, so that it is the same after a restart; a free one where
// a program of the host listens there on all addresses; and always that of before, where Envoy asks already.
import { SallyportError } from '../../platform/errors.ts';
import type { DnsClient, DnsServer } from '../dns/server.ts';

export interface DnsPort {
  readonly address: string;
  readonly usual: number;
  /** 0: none. */
  readonly before: number;
}

/** Resolves to the port. Throws SallyportError where none is to be had. */
export async function answerDns(
  dns: DnsServer,
  { address, usual, before }: DnsPort,
  asker: DnsClient,
): Promise<number> {
  try {
    return await dns.listen(address, before || usual, asker);
  } catch (error) {
    if (error instanceof SallyportError) return dns.listen(address, 0, asker);
    throw error;
  }
}
