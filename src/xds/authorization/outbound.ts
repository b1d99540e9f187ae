// AuthorizationPolicies that are bound to the outbound side of workloads: what their own sidecars let out. Who asks is the
// sidecar's own workload, known while configuration is built, so that they hold without mTLS too.
// Istio: there is nothing like it; sidecars judge what comes in alone.
import type { ProxySettings } from '../../mesh/proxy-settings.ts';
import type { Capture } from '../capture.ts';
import type { Judging } from './conditions.ts';
import {
  asksForPaths,
  authorizeConnections,
  authorizeRequests,
  type ConnectionAuthorization,
  type HttpAuthorization,
} from './filters.ts';

export interface OutboundPlace {
  readonly reads: Judging['reads'];
  /** Undefined: as the connection says. */
  readonly port: Judging['port'];
  readonly capture: Capture['kind'];
  /** Of connections that name no host: the one that they are for. */
  readonly host?: string;
}

export function outboundRequests(config: ProxySettings, place: OutboundPlace): HttpAuthorization {
  return authorizeRequests(config.authorization?.outbound ?? [], outboundJudging(config, place));
}

export function outboundConnections(config: ProxySettings, place: OutboundPlace): ConnectionAuthorization {
  return authorizeConnections(config.authorization?.outbound ?? [], outboundJudging(config, place));
}

export function outboundAsksForPaths({ authorization }: ProxySettings): boolean {
  return asksForPaths(authorization?.outbound ?? []);
}

export function outboundJudging({ trustDomain, authorization }: ProxySettings, place: OutboundPlace): Judging {
  const { namespace = '', serviceAccount = '' } = authorization?.self ?? {};
  const { reads, port, capture, host } = place;
  return {
    reads,
    port,
    hostsOfTls: true,
    seesAddress: capture === 'redirect',
    caller: { kind: 'workload', namespace, serviceAccount },
    trustDomain,
    ...(host === undefined ? {} : { host }),
  };
}
