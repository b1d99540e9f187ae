// What a flow on record may have been. A CONNECT that a proxy refuses is on record as a request, like any other that was refused
// there: what it would have carried was never sent.
import type { SeenFlow } from '../telemetry/seen-flow.ts';
import type { Protocol } from '../telemetry/traffic.ts';
import type { Attempt } from '../verdict/attempt.ts';

export interface Possible {
  readonly attempt: Attempt;
  /** Empty where it is the only one. */
  readonly when: readonly string[];
}

export function attemptsOf(flow: SeenFlow, host: string, capture: 'redirect' | 'proxy'): readonly Possible[] {
  const { port } = flow.destination;
  const as = (protocol: Protocol): Attempt => ({ protocol, host, port });
  const mayBeConnect = capture === 'proxy' && flow.destination.kind === 'blocked' && flow.protocol === 'http';
  if (mayBeConnect && port === 443) return [{ attempt: as('tls'), when: [] }];
  // Programs ask for HTTP on its own port without.
  if (!mayBeConnect || port === 80) return [{ attempt: as(flow.protocol), when: [] }];
  return [
    { attempt: as('http'), when: ['it asks its proxy without CONNECT'] },
    { attempt: as('tls'), when: ['it asks its proxy by CONNECT, and begins TLS'] },
    { attempt: as('tcp'), when: ['it asks its proxy by CONNECT, and begins no TLS'] },
  ];
}
