// All that is written and counted of an event, for each kind of chain.
import type { AccessLog } from '../envoy/access-log.ts';
import { atTcp, filtered, withFlags } from '../envoy/access-log-filter.ts';
import type { ProxySettings } from '../mesh/proxy-settings.ts';
import type { Refusal } from './authorization/filters.ts';
import { buildTextAccessLog } from './text-access-log.ts';
import { gatewayRecordFields, gatewayReporter, judged } from './traffic-callers.ts';
import {
  buildHttpCounters,
  buildInboundHttpCounters,
  buildInboundTcpCounters,
  buildRefusedCounters,
  buildTcpCounters,
} from './traffic-counters.ts';
import { buildHttpRecords, buildRefusedRecords, buildTcpRecords } from './traffic-records.ts';

/** A gateway's chains begin with the caller filter (traffic-callers.ts). */
export type ProxyKind = 'sidecar' | 'gateway';

export interface HttpLogOptions {
  /** What to tell of it where the listener's own address is not it: `0.0.0.0:443`, empty if unknown. */
  readonly destination?: string | undefined;
  /** AuthorizationPolicies judge what comes. */
  readonly refusal?: Refusal | undefined;
  readonly proxy?: ProxyKind | undefined;
}

export function outboundHttpLogs(
  config: ProxySettings,
  { destination, refusal, proxy = 'sidecar' }: HttpLogOptions = {},
): readonly AccessLog[] {
  const { reporter, fields } = tellingOf(proxy, 'requests');
  return [
    ...buildTextAccessLog(config, 'CLIENT'),
    ...buildHttpCounters(reporter),
    buildHttpRecords({ destination, refusal, gateway: fields }),
  ];
}

/**
 * `registered`: one service. `by-name`: the cluster of the SNI, if there is one. `judged`: one service, whose address
 * may be refused. `unregistered`: the catch-all.
 */
export type TcpChain = 'registered' | 'by-name' | 'judged' | 'unregistered';

export interface TcpLogOptions {
  /** As for HTTP. */
  readonly destination?: string | undefined;
  /** Name of the VirtualService's route that the chain stands for. */
  readonly route?: string;
  readonly proxy?: ProxyKind | undefined;
  /** At a gateway, as in gatewayRecordFields. */
  readonly peerKey?: string | undefined;
  readonly refusal?: Refusal | undefined;
  /** Of connections that name no host: the one that they are for. */
  readonly host?: string | undefined;
  /** EgressPolicies would stop it: it is recorded, though it goes where it should. */
  readonly reported?: boolean;
  /** What is inside a CONNECT. */
  readonly connected?: boolean;
}

export function outboundTcpLogs(
  config: ProxySettings,
  chain: TcpChain,
  options: TcpLogOptions = {},
): readonly AccessLog[] {
  const {
    destination,
    route,
    host,
    refusal,
    proxy = 'sidecar',
    peerKey,
    reported = false,
    connected = false,
  } = options;
  const { reporter, fields } = tellingOf(proxy, 'connections', peerKey);
  const known = chain === 'registered' || chain === 'by-name';
  return [
    ...ended(buildTextAccessLog(config, 'CLIENT')),
    ...buildTcpCounters(reporter, known ? 'registered' : 'any', route),
    buildTcpRecords(known && !reported && refusal?.kind !== 'always' ? 'unknown' : 'all', {
      destination,
      route,
      host,
      refusal,
      gateway: fields,
      reported,
      connected,
    }),
  ];
}

/** Of a gateway's listener: connections that found no chain. */
export function refusedByGatewayLogs(
  config: ProxySettings,
  destination: string,
  proxies: string | undefined,
): readonly AccessLog[] {
  const reporter = judged(proxies);
  return [
    ...buildTextAccessLog(config, 'CLIENT'),
    buildRefusedCounters(reporter),
    buildRefusedRecords({ destination, gateway: gatewayRecordFields(reporter, 'connections') }),
  ].map((log) => filtered(log, withFlags(['NR'])));
}

/** `proved`: callers have come by mTLS. */
export function inboundHttpLogs(config: ProxySettings, proved: boolean): readonly AccessLog[] {
  return [...buildTextAccessLog(config, 'SERVER'), ...buildInboundHttpCounters(proved)];
}

export function inboundTcpLogs(config: ProxySettings, proved: boolean): readonly AccessLog[] {
  return [...ended(buildTextAccessLog(config, 'SERVER')), ...buildInboundTcpCounters(proved)];
}

/** Of connections that no application hears of. */
export function refusedInboundLogs(config: ProxySettings): readonly AccessLog[] {
  return ended(buildTextAccessLog(config, 'SERVER'));
}

function tellingOf(proxy: ProxyKind, of: 'requests' | 'connections', peerKey?: string) {
  if (proxy === 'sidecar') return { reporter: 'source', fields: undefined };
  return { reporter: gatewayReporter, fields: gatewayRecordFields(gatewayReporter, of, peerKey) };
}

/** One line for a connection, at its end. */
function ended(logs: readonly AccessLog[]): readonly AccessLog[] {
  return logs.map((log) => filtered(log, atTcp('end')));
}
