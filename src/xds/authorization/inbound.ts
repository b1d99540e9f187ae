// AuthorizationPolicies for what workloads are sent, and gateways are asked: callers are known by the certificates that they
// show. Who shows none is nobody.
import type { ProxySettings } from '../../mesh/proxy-settings.ts';
import type { Capture } from '../capture.ts';
import type { Caller } from './callers.ts';
import type { Judging } from './conditions.ts';
import {
  asksForPaths,
  authorizeConnections,
  authorizeRequests,
  type ConnectionAuthorization,
  type HttpAuthorization,
} from './filters.ts';

export interface InboundPlace {
  readonly reads: 'requests' | 'server-name' | 'nothing';
  /** Undefined: as the connection says. */
  readonly port: number | undefined;
  readonly capture: Capture['kind'];
  /** By certificate if absent. */
  readonly caller?: Caller;
}

export function inboundRequests(config: ProxySettings, place: InboundPlace): HttpAuthorization {
  return authorizeRequests(config.authorization?.inbound ?? [], judgingOf(config, place));
}

export function inboundConnections(config: ProxySettings, place: InboundPlace): ConnectionAuthorization {
  return authorizeConnections(config.authorization?.inbound ?? [], judgingOf(config, place));
}

export function inboundAsksForPaths({ authorization }: ProxySettings): boolean {
  return asksForPaths(authorization?.inbound ?? []);
}

function judgingOf({ trustDomain }: ProxySettings, place: InboundPlace): Judging {
  const { reads, port, capture, caller = { kind: 'certificate' } } = place;
  return { reads, port, hostsOfTls: false, seesAddress: capture === 'redirect', caller, trustDomain };
}
