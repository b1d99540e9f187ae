// The gateway of an EgressPolicy that is not there, or cannot take what is sent to it: HTTP on 80 and TLS on 443.
import { problem, warning } from '../../api/finding.ts';
import type { EgressPolicy } from '../../api/kinds/egress-policy.ts';
import { portsOfPolicy } from '../../api/kinds/egress-policy-ports.ts';
import { gatewayNameLabel, gatewayTypeLabel } from '../../api/kinds/mesh-gateway-validation.ts';
import { isHttp, isTls, parseProtocol } from '../../api/protocol.ts';
import { gatewayOf } from '../../mesh/egress-policy/gateway-name.ts';
import { originOf } from '../../mesh/service.ts';
import { about, type CrossFinding } from '../finding.ts';
import type { Surroundings } from '../surroundings.ts';

export function* findUnfitGateway(object: EgressPolicy, around: Surroundings): Iterable<CrossFinding> {
  const gateway = gatewayOf(object);
  if (gateway === undefined) return;
  const { namespace, name } = gateway;
  const path = ['spec', 'gateway'];
  const [service] = around.services(`${name}.${namespace}.svc.cluster.local`);
  if (service === undefined) {
    const among = around.complete ? '' : ' among these files';
    const message = `there is no gateway ${namespace}/${name}${among}, so that nothing answers for these hosts`;
    const hint = 'add a MeshGateway of type egress, or name one as namespace/name';
    const tell = around.complete ? problem : warning;
    yield tell('SP1573', path, message, hint);
    return;
  }
  const origin = originOf(service);
  for (const number of neededPorts(object)) {
    if (service.ports.some((port) => port.number === number)) continue;
    const message = `the gateway ${namespace}/${name} does not open port ${number}, which this policy sends to`;
    yield about(problem('SP1573', path, message, `add port ${number} to the MeshGateway`), origin);
  }
  const labels = new Map([
    [gatewayNameLabel, name],
    [gatewayTypeLabel, 'egress'],
  ]);
  if (around.namespacesOf(labels).length > 0) return;
  const message = `no pod of ${namespace}/${name} is an egress gateway, so that nobody answers what this policy sends there`;
  yield about(warning('SP1573', path, message, 'name a MeshGateway of type egress'), origin);
}

function neededPorts({ spec }: EgressPolicy): readonly number[] {
  const protocols = portsOfPolicy(spec).map(({ protocol }) => parseProtocol(protocol) ?? 'auto');
  return [...(protocols.some(isHttp) ? [80] : []), ...(protocols.some(isTls) ? [443] : [])];
}
