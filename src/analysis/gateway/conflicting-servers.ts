// Servers of two Gateways that the same workloads cannot serve together: the one of the older Gateway stands
// (istio-semantics 5). Told of the one that is left out.
import { problem } from '../../api/finding.ts';
import type { Gateway as ApiGateway } from '../../api/kinds/gateway.ts';
import { isHttp } from '../../api/protocol.ts';
import { type Gateway, type GatewayServer, gatewayOrigin } from '../../mesh/gateway.ts';
import { compareOrigin } from '../../mesh/origin.ts';
import { contradict, selectorText } from '../../mesh/selector.ts';
import { speaksTls, standsBesidePlain } from '../../xds/gateway/merge-servers.ts';
import { about, type CrossFinding } from '../finding.ts';
import type { Surroundings } from '../surroundings.ts';

export function* findConflictingServers({ metadata }: ApiGateway, around: Surroundings): Iterable<CrossFinding> {
  const own = around.gateway(`${metadata.namespace}/${metadata.name}`);
  if (own === undefined) return;
  for (const [index, server] of own.servers.entries()) {
    for (const other of around.gatewaysOnPort(server.port.number)) {
      if (compareOrigin(other, own) >= 0) continue;
      const reason = other.servers.map((older) => contradiction(server, older)).find((found) => found !== undefined);
      if (reason === undefined || !meet(own, other, around)) continue;
      const message = `is left out: ${gatewayOrigin(other)}, which comes first, ${reason} on port ${server.port.number}`;
      const path = ['spec', 'servers', index];
      yield about(
        problem('SP1530', path, message, 'use another port or host, or other gateway workloads'),
        gatewayOrigin(other),
      );
      break;
    }
  }
}

/** Why the older server leaves no room for this one; undefined if it does. */
function contradiction(server: GatewayServer, older: GatewayServer): string | undefined {
  if (server.port.number !== older.port.number || server.bind !== older.bind) return undefined;
  const plain = speaksTls(older)
    ? undefined
    : isHttp(older.port.protocol) || older.port.protocol === 'HTTPS'
      ? 'HTTP'
      : 'TCP';
  if (speaksTls(server)) {
    if (plain !== undefined && !standsBesidePlain(server)) return `serves ${plain} without TLS`;
    const [shared] = server.hosts.filter(({ host }) => older.hosts.some((other) => other.host === host));
    return shared === undefined ? undefined : `has the host ${shared.host}`;
  }
  const http = isHttp(server.port.protocol) || server.port.protocol === 'HTTPS';
  if (plain === undefined || (http && plain === 'HTTP')) return undefined;
  return `serves ${plain}`;
}

/** Whether some workload is configured by both; without workloads, whether they ask for the same labels. */
function meet({ selector: a }: Gateway, { selector: b }: Gateway, around: Surroundings): boolean {
  if (a === undefined || b === undefined || selectorText(a) === selectorText(b)) return true;
  return !contradict(a, b) && around.namespacesOf(new Map([...a, ...b])).length > 0;
}
