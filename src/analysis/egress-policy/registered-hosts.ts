// Hosts that somebody registered without the policy, where that counts: the policy says who, not what the port is.
import { warning } from '../../api/finding.ts';
import type { EgressPolicy } from '../../api/kinds/egress-policy.ts';
import { originOf } from '../../mesh/service.ts';
import { about, type CrossFinding } from '../finding.ts';
import type { Surroundings } from '../surroundings.ts';
import { hostsOf, originOfPolicy, portAt } from './policy-hosts.ts';

export function* findRegisteredHosts(object: EgressPolicy, around: Surroundings): Iterable<CrossFinding> {
  const self = originOfPolicy(object);
  for (const { host, index, policy } of hostsOf(object, around)) {
    if (policy === undefined) continue;
    const own = around.services(host).find(({ madeBy }) => madeBy === self);
    for (const number of policy.ports.keys()) {
      const held = portAt(around, policy.namespace, host, number);
      if (held === undefined || held.holder.madeBy !== undefined) continue;
      const name = originOf(held.holder);
      const mine = own?.ports.find((port) => port.number === number);
      const alike = mine?.protocol === held.port.protocol && mine.targetPort === held.port.targetPort;
      const message = `port ${number} of ${host} is that of ${name}, which comes first: its protocol and endpoints count`;
      const finding = warning('SP1576', ['spec', 'hosts', index], message, 'remove the host or the port there');
      yield about(alike ? { ...finding, severity: 'info' } : finding, name);
    }
  }
}
