// The two sides of a proxy that AuthorizationPolicies are bound to, and what is known where one of them is judged.
// Inbound: what workloads are sent, and gateways are asked; callers are known by the certificates that they show, and who shows
// none is nobody. Outbound: what a workload's own sidecar lets out; who asks is that workload, known while configuration is
// built, so that it holds without mTLS too.
// Istio: there is no outbound side; sidecars judge what comes in alone.
import type { AuthorizationPolicy } from '../../mesh/authorization-policy.ts';
import type { ProxySettings } from '../../mesh/proxy-settings.ts';
import type { Capture } from '../capture.ts';
import type { Judging } from './conditions.ts';

/** Of one place of it. */
export interface JudgedSide {
  readonly policies: readonly AuthorizationPolicy[];
  readonly judging: Judging;
}

export interface InboundPlace {
  readonly reads: 'requests' | 'server-name' | 'nothing';
  /** Undefined: as the connection says. */
  readonly port: number | undefined;
  readonly capture: Capture['kind'];
  /** Of a listener behind the one that ended mTLS: where that left who calls. */
  readonly peerKey?: string | undefined;
}

export interface OutboundPlace extends Pick<Judging, 'reads' | 'port' | 'host'> {
  readonly capture: Capture['kind'];
}

export function inboundSide({ trustDomain, authorization }: ProxySettings, place: InboundPlace): JudgedSide {
  const { reads, port, capture, peerKey } = place;
  return {
    policies: authorization?.inbound ?? [],
    judging: {
      reads,
      port,
      hostsOfTls: false,
      seesAddress: capture === 'redirect',
      caller: peerKey === undefined ? { kind: 'certificate' } : { kind: 'filter-state', key: peerKey },
      handedOver: capture === 'proxy' || peerKey !== undefined,
      trustDomain,
    },
  };
}

export function outboundSide({ trustDomain, authorization }: ProxySettings, place: OutboundPlace): JudgedSide {
  const { namespace = '', serviceAccount = '' } = authorization?.self ?? {};
  const { capture, ...seen } = place;
  return {
    policies: authorization?.outbound ?? [],
    judging: {
      ...seen,
      hostsOfTls: true,
      seesAddress: capture === 'redirect',
      caller: { kind: 'workload', namespace, serviceAccount },
      handedOver: capture === 'proxy',
      trustDomain,
    },
  };
}
