// What a gateway is like, as a MeshGateway and the gateways of an Istio object say it alike (istio-operator
// release-1.4, MeshGatewayConfiguration).
import { z } from 'zod';
import { annotationMap, labelMap } from '../metadata.ts';
import { passed, passedFields } from '../schema-parts.ts';
import { environmentVariable } from './pod-spec.ts';

const flag = z.boolean().exactOptional();
const text = z.string().exactOptional();
const replicas = z.int().min(0).max(1000).exactOptional();

export const meshGatewayFields = {
  replicaCount: replicas,
  minReplicas: replicas,
  maxReplicas: replicas,
  serviceType: z.enum(['ClusterIP', 'NodePort', 'LoadBalancer']).exactOptional(),
  labels: labelMap.exactOptional(),
  serviceLabels: labelMap.exactOptional(),
  serviceAnnotations: annotationMap.exactOptional(),
  podAnnotations: annotationMap.exactOptional(),
  additionalEnvVars: z.array(environmentVariable).exactOptional(),
  sds: z.strictObject({ enabled: flag, image: text, resources: passed }).exactOptional(),
  applicationPorts: text,
  loadBalancerIP: text,
  requestedNetworkView: text,
  ...passedFields(['affinity', 'nodeSelector', 'resources', 'tolerations']),
};
