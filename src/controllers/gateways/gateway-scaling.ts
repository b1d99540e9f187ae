// How many pods a MeshGateway has beside the number it asks for: an autoscaler between two bounds, and a budget for
// disruptions. Neither does anything in a local mesh.
import type { HorizontalPodAutoscaler } from '../../api/kinds/horizontal-pod-autoscaler.ts';
import { replicaBounds } from '../../api/kinds/mesh-gateway-defaults.ts';
import type { PodDisruptionBudget } from '../../api/kinds/pod-disruption-budget.ts';
import { childMetadata, type GatewayContext, gatewaySelector } from './gateway.ts';

/** Istio 1.4's operator: only from a minimum of 2 on; here, as in its later releases: wherever there is room to scale. */
export function isAutoscaled({ gateway }: GatewayContext): boolean {
  const { minReplicas, maxReplicas } = replicaBounds(gateway.spec);
  return minReplicas > 0 && minReplicas < maxReplicas;
}

export function buildAutoscaler(context: GatewayContext): HorizontalPodAutoscaler {
  const { name } = context.gateway.metadata;
  const { minReplicas, maxReplicas } = replicaBounds(context.gateway.spec);
  return {
    apiVersion: 'autoscaling/v2',
    kind: 'HorizontalPodAutoscaler',
    metadata: childMetadata(context, `${name}-autoscaler`),
    spec: {
      scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name },
      minReplicas,
      maxReplicas,
      metrics: [
        { type: 'Resource', resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 80 } } },
      ],
    },
  };
}

export function buildDisruptionBudget(context: GatewayContext): PodDisruptionBudget {
  const { gateway } = context;
  return {
    apiVersion: 'policy/v1',
    kind: 'PodDisruptionBudget',
    metadata: childMetadata(context, gateway.metadata.name),
    spec: { minAvailable: 1, selector: { matchLabels: gatewaySelector(gateway) } },
  };
}
