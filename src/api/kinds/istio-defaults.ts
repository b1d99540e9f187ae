// What an Istio object says where its author said nothing (istio-operator release-1.4, SetDefaults).
import { type Istio, type IstioSpec, istioSchema } from './istio-schema.ts';

/** The release the mesh presents itself as; `spec.version` of an Istio object that we create ourselves. */
export const istioVersion = '1.4.9';

const gatewayPorts = [
  { name: 'http2', port: 80, targetPort: 80, protocol: 'TCP' },
  { name: 'https', port: 443, targetPort: 443, protocol: 'TCP' },
  { name: 'tls', port: 15443, targetPort: 15443, protocol: 'TCP' },
] as const;

const statusPort = { name: 'status-port', port: 15020, targetPort: 15020, protocol: 'TCP' } as const;

const gatewayDefaults = { enabled: true, replicaCount: 1, minReplicas: 1, maxReplicas: 5, sds: { enabled: false } };
const processDefaults = { enabled: true, replicaCount: 1, minReplicas: 1, maxReplicas: 5 };
const mixerDefaults = { ...processDefaults, reportBatchMaxEntries: 100, reportBatchMaxTime: '1s' };

const defaults: Omit<IstioSpec, 'version'> = {
  logging: { level: 'default:info' },
  meshPolicy: { mtlsMode: 'PERMISSIVE' },
  // The operator of Istio 1.4: false; here: as in Istio since 1.5.
  autoMtls: true,
  controlPlaneSecurityEnabled: false,
  watchOneNamespace: false,
  watchAdapterCRDs: false,
  includeIPRanges: '*',
  excludeIPRanges: '',
  autoInjectionNamespaces: [],
  defaultResources: { requests: { cpu: '10m' } },
  sds: { enabled: false, udsPath: '', tokenAudience: 'istio-ca', customTokenDirectory: '' },
  pilot: {
    ...processDefaults,
    image: `docker.io/istio/pilot:${istioVersion}`,
    sidecar: true,
    traceSampling: 1,
    enableProtocolSniffingOutbound: true,
    enableProtocolSniffingInbound: false,
  },
  citadel: { enabled: true, enableNamespacesByDefault: true },
  galley: {
    enabled: true,
    replicaCount: 1,
    configValidation: true,
    enableServiceDiscovery: false,
    enableAnalysis: false,
  },
  gateways: {
    enabled: true,
    ingress: { ...gatewayDefaults, serviceType: 'LoadBalancer', ports: [statusPort, ...gatewayPorts] },
    egress: { ...gatewayDefaults, serviceType: 'ClusterIP', ports: gatewayPorts },
    k8singress: { enabled: false, enableHttps: false },
  },
  policy: { ...mixerDefaults, checksEnabled: false },
  telemetry: mixerDefaults,
  sidecarInjector: { enabled: true, replicaCount: 1, autoInjectionPolicyEnabled: true },
  nodeAgent: { enabled: false },
  proxy: {
    image: `docker.io/istio/proxyv2:${istioVersion}`,
    accessLogFile: '/dev/stdout',
    accessLogFormat: '',
    accessLogEncoding: 'TEXT',
    logLevel: 'warning',
    componentLogLevel: 'misc:error',
    dnsRefreshRate: '300s',
    clusterDomain: 'cluster.local',
    protocolDetectionTimeout: '100ms',
    enableCoreDump: false,
  },
  proxyInit: { image: `docker.io/istio/proxyv2:${istioVersion}` },
  defaultPodDisruptionBudget: { enabled: false },
  outboundTrafficPolicy: { mode: 'ALLOW_ANY' },
  tracing: { enabled: true, tracer: 'zipkin' },
  imagePullPolicy: 'IfNotPresent',
  multiMesh: false,
  meshExpansion: false,
  istioCoreDNS: { enabled: false },
  mixerlessTelemetry: { enabled: false },
  useMCP: true,
  defaultConfigVisibility: '',
  trustDomain: 'cluster.local',
  trustDomainAliases: [],
  localityLB: { enabled: false },
};

/** The object with every default filled in; lists are the author's or the default's, never both. */
export function withIstioDefaults(istio: Istio): Istio {
  const strict = istio.spec.mtls === true ? { meshPolicy: { mtlsMode: 'STRICT' } } : {};
  return istioSchema.parse({ ...istio, spec: filled(filled(istio.spec, strict), defaults) });
}

function filled(value: unknown, missing: unknown): unknown {
  if (value === undefined) return missing;
  if (!isMapping(value) || !isMapping(missing)) return value;
  const keys = new Set([...Object.keys(missing), ...Object.keys(value)]);
  return Object.fromEntries([...keys].map((key) => [key, filled(value[key], missing[key])]));
}

function isMapping(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
