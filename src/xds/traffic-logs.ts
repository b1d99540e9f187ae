// All that is written and counted of an event, for each kind of chain.
import type { AccessLog } from '../envoy/access-log.ts';
import { atTcp, filtered } from '../envoy/access-log-filter.ts';
import type { MeshConfig } from '../mesh/mesh-config.ts';
import { buildTextAccessLog } from './text-access-log.ts';
import { buildHttpCounters, buildTcpCounters } from './traffic-counters.ts';
import { buildHttpRecords, buildTcpRecords } from './traffic-records.ts';

/** `destination`: what to tell of it where the listener's own address is not it: `0.0.0.0:443`, empty if unknown. */
export function outboundHttpLogs(config: MeshConfig, destination?: string): readonly AccessLog[] {
  return [...buildTextAccessLog(config), ...buildHttpCounters('source'), buildHttpRecords(destination)];
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
}

export function outboundTcpLogs(
  config: MeshConfig,
  chain: TcpChain,
  { destination, route }: TcpLogOptions = {},
): readonly AccessLog[] {
  const known = chain === 'registered' || chain === 'by-name';
  return [
    ...ended(buildTextAccessLog(config)),
    ...buildTcpCounters('source', known ? 'registered' : 'any', route),
    buildTcpRecords(known ? 'unknown' : 'all', destination),
  ];
}

export function inboundHttpLogs(config: MeshConfig): readonly AccessLog[] {
  return [...buildTextAccessLog(config), ...buildHttpCounters('destination')];
}

export function inboundTcpLogs(config: MeshConfig): readonly AccessLog[] {
  return [...ended(buildTextAccessLog(config)), ...buildTcpCounters('destination', 'registered')];
}

/** One line for a connection, at its end. */
function ended(logs: readonly AccessLog[]): readonly AccessLog[] {
  return logs.map((log) => filtered(log, atTcp('end')));
}
