// What can be wrong among the fields of a MeshGateway. The operator has no validation of its own: what it takes and
// cannot make, or makes without effect, is named here. Its ports are checked for the Istio object's gateways too.
import { type FieldPath, problem, warning } from '../finding.ts';
import type { Finding } from '../kind.ts';
import { shorten } from '../schema-messages.ts';
import type { MeshGateway, MeshGatewaySpec } from './mesh-gateway.ts';
import { replicaBounds } from './mesh-gateway-defaults.ts';
import { checkPortNames, checkServiceName, type ServicePort } from './service.ts';

export function validateMeshGateway(gateway: MeshGateway): readonly Finding[] {
  const { spec } = gateway;
  return [
    ...checkServiceName(gateway),
    ...checkGatewayPorts(spec.ports, ['spec', 'ports']),
    ...checkReplicas(spec, ['spec']),
    ...checkLabels(spec),
    ...checkEffects(spec),
  ];
}

/** `at`: where the list stands in its object. */
export function* checkGatewayPorts(ports: readonly ServicePort[], at: FieldPath): Iterable<Finding> {
  yield* checkPortNames(ports, at);
  const names = new Set(ports.map(({ name }) => name));
  const seen = new Set<string>();
  for (const [index, { port, protocol = 'TCP', targetPort }] of ports.entries()) {
    if (seen.has(`${port}/${protocol}`)) {
      yield problem('SP0313', [...at, index, 'port'], `port ${port}/${protocol} already defined`, 'remove one of them');
    }
    seen.add(`${port}/${protocol}`);
    if (typeof targetPort === 'number' && (targetPort < 1 || targetPort > 65535)) {
      yield problem('SP0108', [...at, index, 'targetPort'], `port number ${targetPort} must be in the range 1..65535`);
    }
    if (typeof targetPort === 'string' && !names.has(targetPort)) {
      const message = `'${shorten(targetPort)}' is not a name of a port of this gateway`;
      yield problem('SP1003', [...at, index, 'targetPort'], message, 'write a number, or the name of one of its ports');
    }
    if (protocol !== 'TCP') {
      yield warning('SP1006', [...at, index, 'protocol'], `a gateway takes no ${protocol}`, 'remove the port');
    }
  }
}

/** `at`: where the counts stand in their object. */
export function* checkReplicas(
  spec: Pick<MeshGatewaySpec, 'replicaCount' | 'minReplicas' | 'maxReplicas'>,
  at: FieldPath,
): Iterable<Finding> {
  const { replicaCount, minReplicas, maxReplicas } = replicaBounds(spec);
  if (minReplicas > maxReplicas) {
    const message = `minReplicas ${minReplicas} is above maxReplicas ${maxReplicas}`;
    yield problem('SP1001', [...at, 'minReplicas'], message, 'make it smaller, or maxReplicas larger');
  } else if (replicaCount < minReplicas || replicaCount > maxReplicas) {
    const bound = replicaCount < minReplicas ? minReplicas : maxReplicas;
    const message = `${replicaCount} is not within ${minReplicas}..${maxReplicas}; there will be ${bound}`;
    yield warning('SP1002', [...at, 'replicaCount'], message, 'change minReplicas or maxReplicas');
  }
}

/** The labels by which a gateway's pods are known to be its own. */
export const gatewayNameLabel = 'gateway-name';
export const gatewayTypeLabel = 'gateway-type';

function* checkLabels({ labels = {} }: MeshGatewaySpec): Iterable<Finding> {
  for (const key of [gatewayNameLabel, gatewayTypeLabel]) {
    if (!Object.hasOwn(labels, key)) continue;
    yield problem('SP1004', ['spec', 'labels', key], 'the gateway gives itself this label', 'remove it');
  }
}

/** Of the operator's fields those that a gateway on this machine does not act on. */
const withoutEffect = new Map<keyof MeshGatewaySpec, string>([
  ['affinity', 'all pods run on this machine'],
  ['nodeSelector', 'all pods run on this machine'],
  ['tolerations', 'all pods run on this machine'],
  ['resources', 'a local gateway has no limits'],
  ['additionalEnvVars', 'its proxy reads none'],
  ['loadBalancerIP', 'the address is given by the mesh'],
  ['applicationPorts', 'nothing is read of it'],
  ['requestedNetworkView', 'nothing is read of it'],
]);

function* checkEffects(spec: MeshGatewaySpec): Iterable<Finding> {
  for (const [field, why] of withoutEffect) {
    if (spec[field] !== undefined) yield without(field, why);
  }
  if (spec.serviceType === 'NodePort') yield without('serviceType', 'NodePort opens no port of this machine');
  if (spec.sds?.enabled === true) yield without('sds', 'the control plane gives every gateway its keys');
}

function without(field: string, why: string): Finding {
  return warning('SP1005', ['spec', field], `has no effect in a local mesh: ${why}`);
}
