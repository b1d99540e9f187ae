// What a MeshGateway says where its author said nothing (istio-operator release-1.4, SetDefaults).
import type { MeshGateway, MeshGatewaySpec } from './mesh-gateway.ts';

const defaultResources = {
  requests: { cpu: '100m', memory: '128Mi' },
  limits: { cpu: '2000m', memory: '1024Mi' },
};

export function withMeshGatewayDefaults(gateway: MeshGateway): MeshGateway {
  const { spec } = gateway;
  // Keys of its own for an egress gateway: the operator knows no such thing.
  const sds = { ...spec.sds, enabled: spec.type === 'ingress' && spec.sds?.enabled === true };
  return {
    ...gateway,
    spec: {
      serviceType: spec.type === 'ingress' ? 'LoadBalancer' : 'ClusterIP',
      ...spec,
      ports: spec.ports.map(({ targetPort, protocol = 'TCP', ...port }) => ({
        ...port,
        targetPort: targetPort ?? port.port,
        protocol,
      })),
      ...replicaBounds(spec),
      resources: spec.resources ?? defaultResources,
      sds,
    },
  };
}

export interface ReplicaBounds {
  readonly replicaCount: number;
  readonly minReplicas: number;
  readonly maxReplicas: number;
}

/**
 * Istio: each is 1 where it is not given, so that `replicaCount: 3` alone stays without effect under a maximum of 1;
 * here: a bound that is not given makes room for the count.
 */
export function replicaBounds(spec: Pick<MeshGatewaySpec, keyof ReplicaBounds>): ReplicaBounds {
  const given = spec.replicaCount ?? spec.minReplicas ?? 1;
  const fixed = spec.minReplicas === undefined && spec.maxReplicas === undefined;
  const minReplicas = spec.minReplicas ?? (fixed ? given : Math.min(1, spec.maxReplicas ?? 1));
  const maxReplicas = spec.maxReplicas ?? Math.max(minReplicas, given);
  return { replicaCount: given, minReplicas, maxReplicas };
}
