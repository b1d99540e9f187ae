// The one container of a gateway's pods: Istio's proxy with Istio's arguments. By them a pod is known to be a gateway; a
// local mesh runs its own Envoy in its place.
import type { Deployment } from '../../api/kinds/deployment.ts';
import { type GatewayContext, gatewayLabels, namespaceOf, serviceAccountName } from './gateway.ts';
import { containerPorts } from './gateway-ports.ts';

type Container = Deployment['spec']['template']['spec']['containers'][number];
type Variable = NonNullable<Container['env']>[number];

const statusPort = 15020;
const metricsPort = { name: 'http-envoy-prom', containerPort: 15090, protocol: 'TCP' } as const;

export function buildContainer(context: GatewayContext): Container {
  const { gateway, istio, lowestPort } = context;
  return {
    name: 'istio-proxy',
    image: istio.spec.proxy?.image ?? '',
    imagePullPolicy: istio.spec.imagePullPolicy,
    args: [...proxyArguments(context)],
    env: [...environment(context), ...(gateway.spec.additionalEnvVars ?? [])],
    ports: [...containerPorts(gateway.spec.ports, lowestPort), metricsPort],
    readinessProbe: {
      httpGet: { path: '/healthz/ready', port: statusPort, scheme: 'HTTP' },
      initialDelaySeconds: 1,
      periodSeconds: 2,
      failureThreshold: 30,
      successThreshold: 1,
      timeoutSeconds: 1,
    },
    resources: gateway.spec.resources,
    volumeMounts: secretMounts(context).map(({ name, mountPath }) => ({ name, mountPath, readOnly: true })),
  };
}

export function buildVolumes(context: GatewayContext): readonly unknown[] {
  return secretMounts(context).map(({ name, secretName }) => ({ name, secret: { secretName, optional: true } }));
}

function proxyArguments({ gateway, istio }: GatewayContext): readonly string[] {
  const { controlPlaneSecurityEnabled = false, trustDomain = 'cluster.local' } = istio.spec;
  const discoveryPort = controlPlaneSecurityEnabled ? 15011 : 15010;
  const options = new Map([
    ['--domain', '$(POD_NAMESPACE).svc.cluster.local'],
    ['--log_output_level', 'info'],
    ['--drainDuration', '45s'],
    ['--parentShutdownDuration', '1m0s'],
    ['--connectTimeout', '10s'],
    ['--serviceCluster', gateway.metadata.name],
    ['--proxyAdminPort', '15000'],
    ['--statusPort', String(statusPort)],
    ['--controlPlaneAuthPolicy', controlPlaneSecurityEnabled ? 'MUTUAL_TLS' : 'NONE'],
    ['--discoveryAddress', `istio-pilot.${namespaceOf(istio)}:${discoveryPort}`],
    ['--trust-domain', trustDomain],
  ]);
  return ['proxy', 'router', ...[...options].flat()];
}

function environment({ gateway, istio }: GatewayContext): readonly Variable[] {
  const { name } = gateway.metadata;
  const { autoMtls, clusterName = 'Kubernetes', sds, trustDomain = '', meshID = trustDomain } = istio.spec;
  const owner = `kubernetes://apis/apps/v1/namespaces/${namespaceOf(gateway)}/deployments/${name}`;
  return [
    field('POD_NAME', 'metadata.name'),
    field('POD_NAMESPACE', 'metadata.namespace'),
    field('INSTANCE_IP', 'status.podIP'),
    field('HOST_IP', 'status.hostIP'),
    field('SERVICE_ACCOUNT', 'spec.serviceAccountName'),
    field('ISTIO_META_POD_NAME', 'metadata.name'),
    field('ISTIO_META_CONFIG_NAMESPACE', 'metadata.namespace'),
    { name: 'ISTIO_META_ROUTER_MODE', value: 'sni-dnat' },
    { name: 'ISTIO_META_WORKLOAD_NAME', value: name },
    { name: 'ISTIO_META_OWNER', value: owner },
    { name: 'ISTIO_META_CLUSTER_ID', value: clusterName },
    { name: 'ISTIO_META_MESH_ID', value: meshID },
    { name: 'ISTIO_META_USER_SDS', value: String(gateway.spec.sds?.enabled === true) },
    { name: 'ISTIO_METAJSON_LABELS', value: JSON.stringify(gatewayLabels(gateway)) },
    { name: 'SDS_ENABLED', value: String(sds?.enabled === true) },
    { name: 'ISTIO_AUTO_MTLS_ENABLED', value: String(autoMtls === true) },
  ];
}

function field(name: string, fieldPath: string): Variable {
  return { name, valueFrom: { fieldRef: { apiVersion: 'v1', fieldPath } } };
}

interface SecretMount {
  readonly name: string;
  readonly secretName: string;
  readonly mountPath: string;
}

function secretMounts({ gateway }: GatewayContext): readonly SecretMount[] {
  const certificates = `${gateway.spec.type}gateway-certs`;
  const authorities = `${gateway.spec.type}gateway-ca-certs`;
  return [
    { name: 'istio-certs', secretName: `istio.${serviceAccountName(gateway)}`, mountPath: '/etc/certs' },
    { name: certificates, secretName: `istio-${certificates}`, mountPath: `/etc/istio/${certificates}` },
    { name: authorities, secretName: `istio-${authorities}`, mountPath: `/etc/istio/${authorities}` },
  ];
}
