// Gateways that a VirtualService is bound to in vain: there is no such Gateway, or none of its servers answers the hosts.
import { problem, warning } from '../../api/finding.ts';
import type { VirtualService } from '../../api/kinds/virtual-service.ts';
import { completeHost } from '../../mesh/complete-host.ts';
import { type Gateway, gatewayOrigin } from '../../mesh/gateway.ts';
import { meshGateway } from '../../mesh/virtual-service.ts';
import { someOf } from '../../platform/some-of.ts';
import { commonHost, openTo } from '../../xds/gateway/server-hosts.ts';
import { about, type CrossFinding } from '../finding.ts';
import type { Surroundings } from '../surroundings.ts';
import { boundGateways } from './rule-destinations.ts';

export function* findUnboundGateways(object: VirtualService, around: Surroundings): Iterable<CrossFinding> {
  const { namespace = '' } = object.metadata;
  const hosts = (object.spec.hosts ?? []).map((host) => completeHost(host, namespace));
  for (const [index, key] of boundGateways(object).entries()) {
    if (key === meshGateway) continue;
    const path = ['spec', 'gateways', index];
    const gateway = around.gateway(key);
    if (gateway === undefined) {
      yield absent(key, path, around);
    } else if (hosts.length > 0 && !hosts.some((host) => isServed(gateway, host, namespace))) {
      const served = gateway.servers.flatMap((server) => server.hosts.map(({ host }) => host));
      const closed = hosts.some((host) =>
        gateway.servers.some((server) => server.hosts.some((own) => commonHost(host, own.host))),
      );
      const message = closed
        ? `${gatewayOrigin(gateway)} does not answer ${someOf(hosts)} for namespace ${namespace}`
        : `${gatewayOrigin(gateway)} answers none of ${someOf(hosts)}, but ${someOf(served)}`;
      yield about(problem('SP1519', path, message, 'add the host to a server of the Gateway'), gatewayOrigin(gateway));
    }
  }
}

function absent(key: string, path: readonly (string | number)[], { complete }: Surroundings): CrossFinding {
  const hint = 'mend the name, or add the Gateway; one of another namespace is named namespace/name';
  if (complete) return problem('SP1518', path, `there is no Gateway ${key}`, hint);
  return warning('SP1518', path, `there is no Gateway ${key} among these files`, hint);
}

function isServed({ servers }: Gateway, host: string, namespace: string): boolean {
  return servers.some((server) => openTo(server, namespace).some((open) => commonHost(host, open) !== undefined));
}
