// A bare address outside in place of a name: nobody who reads a policy or a log knows who that is, and no name had to be
// registered for it. HTTP whose Host is an address, and connections that name nobody: TLS without SNI looks to a proxy like
// any other bytes.
import { isIP } from 'node:net';
import type { AlertFinding } from '../alert.ts';
import { placeOf } from '../place.ts';
import type { Destination, Protocol } from '../traffic.ts';

/** Cheap: asked of all traffic to hosts that nobody registered. */
export function isBareAddress({ kind, host }: Destination): boolean {
  return (kind === 'passthrough' || kind === 'blocked') && isIP(host) !== 0;
}

/** Of a bare address that is none of the mesh's own. */
export function judgeBareAddress(destination: Destination, protocol: Protocol): AlertFinding {
  const http = protocol === 'http' || protocol === 'grpc';
  const how = http
    ? 'HTTP asked for the bare address'
    : 'a connection without SNI and without Host went to the bare address';
  const passed = destination.kind === 'passthrough';
  const end = passed ? 'it was let out, since the mesh lets any host pass' : 'it was blocked';
  return {
    kind: 'ip-literal',
    severity: passed ? 'warning' : 'info',
    reason: `${how} ${placeOf(destination)}, which says of nobody who that is; ${end}`,
  };
}
