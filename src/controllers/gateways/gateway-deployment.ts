// The Deployment of a MeshGateway: pods that are a proxy and nothing else.
import type { Deployment } from '../../api/kinds/deployment.ts';
import { replicaBounds } from '../../api/kinds/mesh-gateway-defaults.ts';
import { childMetadata, type GatewayContext, gatewayLabels, gatewaySelector, serviceAccountName } from './gateway.ts';
import { buildContainer, buildVolumes } from './gateway-container.ts';

export function buildDeployment(context: GatewayContext): Deployment {
  const { gateway } = context;
  const { affinity, nodeSelector, podAnnotations, tolerations } = gateway.spec;
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: childMetadata(context, gateway.metadata.name),
    spec: {
      replicas: gatewayReplicas(context),
      selector: { matchLabels: gatewaySelector(gateway) },
      template: {
        metadata: {
          labels: gatewayLabels(gateway),
          // It is a proxy itself.
          annotations: { ...podAnnotations, 'sidecar.istio.io/inject': 'false' },
        },
        spec: {
          serviceAccountName: serviceAccountName(gateway),
          containers: [buildContainer(context)],
          volumes: buildVolumes(context),
          ...(affinity === undefined ? {} : { affinity }),
          ...(nodeSelector === undefined ? {} : { nodeSelector }),
          ...(tolerations === undefined ? {} : { tolerations }),
        },
      },
    },
  };
}

/** The wanted number within the bounds. */
export function gatewayReplicas({ gateway }: GatewayContext): number {
  const { replicaCount, minReplicas, maxReplicas } = replicaBounds(gateway.spec);
  return Math.min(Math.max(replicaCount, minReplicas), maxReplicas);
}
