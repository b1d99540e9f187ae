// The parts of the Istio object that configure Istio's own processes. They are kept and shown, so that an object
// written for istio-operator is taken as it is; of their fields only the names and the enabled flag are known.
import { z } from 'zod';
import { shorten } from '../schema-messages.ts';
import { passed, passedFields } from '../schema-parts.ts';

const flag = z.boolean().exactOptional();
const count = z.int().min(0).exactOptional();

const process = {
  enabled: flag,
  replicaCount: count,
  minReplicas: count,
  maxReplicas: count,
  ...passedFields([
    'additionalContainerArgs',
    'additionalEnvVars',
    'affinity',
    'image',
    'nodeSelector',
    'podAnnotations',
    'resources',
    'tolerations',
  ]),
};

const pilot = z.strictObject({
  ...process,
  sidecar: flag,
  traceSampling: z.number().min(0).max(100).exactOptional(),
  enableProtocolSniffingOutbound: flag,
  enableProtocolSniffingInbound: flag,
  certProvider: passed,
});

const citadel = z.strictObject({
  ...process,
  enableNamespacesByDefault: flag,
  ...passedFields(['caSecretName', 'healthCheck', 'maxWorkloadCertTTL', 'workloadCertTTL']),
});

const galley = z.strictObject({
  ...process,
  configValidation: flag,
  enableServiceDiscovery: flag,
  enableAnalysis: flag,
});

const mixer = z.strictObject({
  ...process,
  checksEnabled: flag,
  reportBatchMaxEntries: count,
  reportBatchMaxTime: z.string().exactOptional(),
  sessionAffinityEnabled: flag,
  multiClusterSupport: passed,
  stdioAdapterEnabled: flag,
});

const sidecarInjector = z.strictObject({
  ...process,
  autoInjectionPolicyEnabled: flag,
  rewriteAppHTTPProbe: flag,
  enableNamespacesByDefault: flag,
  ...passedFields([
    'alwaysInjectSelector',
    'init',
    'initCNIConfiguration',
    'injectedAnnotations',
    'injectedContainerAdditionalArgs',
    'injectedContainerAdditionalEnvVars',
    'neverInjectSelector',
  ]),
});

export const remoteAddress = z
  .string()
  .regex(/^[^:]+:[0-9]{1,5}$/, { error: (issue) => `'${shorten(String(issue.input))}' is not host:port` })
  .exactOptional();

const tracing = z.strictObject({
  enabled: flag,
  tracer: z.enum(['zipkin', 'lightstep', 'datadog', 'stackdriver']).exactOptional(),
  zipkin: z.looseObject({ address: remoteAddress }).exactOptional(),
  lightstep: z.looseObject({ address: remoteAddress }).exactOptional(),
  datadog: z.looseObject({ address: remoteAddress }).exactOptional(),
  stackdriver: passed,
});

// The operator's ^([a-zA-Z]+:[a-zA-Z]+,?)+$ in a form that cannot backtrack for long; `a:bc:d` is not taken.
const level = z
  .string()
  .regex(/^[a-zA-Z]+:[a-zA-Z]+(,[a-zA-Z]+:[a-zA-Z]+)*,?$/, {
    error: (issue) => `'${shorten(String(issue.input))}' is not scope:level`,
  })
  .exactOptional();

const certificate = z.strictObject({
  secretName: z.string().exactOptional(),
  dnsNames: z.array(z.string()).exactOptional(),
});

export const componentSchemas = {
  pilot: pilot.exactOptional(),
  citadel: citadel.exactOptional(),
  galley: galley.exactOptional(),
  mixer: mixer.exactOptional(),
  policy: mixer.exactOptional(),
  telemetry: mixer.exactOptional(),
  sidecarInjector: sidecarInjector.exactOptional(),
  nodeAgent: z.strictObject(process).exactOptional(),
  istioCoreDNS: z.strictObject({ ...process, pluginImage: passed }).exactOptional(),
  mixerlessTelemetry: z.strictObject({ enabled: flag }).exactOptional(),
  proxyInit: z.strictObject({ image: z.string().exactOptional() }).exactOptional(),
  sds: z
    .strictObject({ enabled: flag, ...passedFields(['customTokenDirectory', 'tokenAudience', 'udsPath']) })
    .exactOptional(),
  defaultPodDisruptionBudget: z.strictObject({ enabled: flag }).exactOptional(),
  tracing: tracing.exactOptional(),
  logging: z.strictObject({ level }).exactOptional(),
  localityLB: z.strictObject({ enabled: flag, distribute: passed, failover: passed }).exactOptional(),
  certificates: z.array(certificate).exactOptional(),
  ...passedFields(['defaultResources', 'meshNetworks', 'networks']),
};
