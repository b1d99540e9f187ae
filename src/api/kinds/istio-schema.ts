// Structure of istio.banzaicloud.io/v1beta1 Istio (istio-operator release-1.4): the settings of the whole mesh.
// Every field of the operator is accepted; the mesh acts on outboundTrafficPolicy, proxy, gateways and the like,
// and the parts that configure Istio's own processes (pilot, galley, …) are kept without effect.
import { z } from 'zod';
import type { Immutable } from '../immutable.ts';
import { metadataSchema } from '../metadata.ts';
import { shorten } from '../schema-messages.ts';
import { passed, textList } from '../schema-parts.ts';
import { componentSchemas, remoteAddress } from './istio-components.ts';
import { meshGatewayFields } from './mesh-gateway-fields.ts';
import { servicePortSchema } from './service.ts';

const flag = z.boolean().exactOptional();
const text = z.string().exactOptional();

const gateway = z.strictObject({
  enabled: flag,
  ports: z.array(servicePortSchema).min(1).exactOptional(),
  ...meshGatewayFields,
});

const remoteService = z.strictObject({
  enabled: flag,
  host: text,
  port: z.int().exactOptional(),
  address: remoteAddress,
  tlsSettings: z
    .looseObject({ mode: z.enum(['DISABLE', 'SIMPLE', 'MUTUAL', 'ISTIO_MUTUAL']).exactOptional() })
    .exactOptional(),
  tcpKeepalive: passed,
});

const proxy = z.strictObject({
  image: text,
  accessLogFile: z.enum(['', '/dev/stdout']).exactOptional(),
  accessLogFormat: text,
  accessLogEncoding: z.enum(['JSON', 'TEXT']).exactOptional(),
  logLevel: z.enum(['trace', 'debug', 'info', 'warning', 'error', 'critical', 'off']).exactOptional(),
  componentLogLevel: text,
  dnsRefreshRate: z
    .string()
    .regex(/^[0-9]{1,5}s$/, {
      error: (issue) => `'${shorten(String(issue.input))}' is not a number of seconds such as 300s`,
    })
    .exactOptional(),
  clusterDomain: text,
  protocolDetectionTimeout: text,
  useMetadataExchangeFilter: flag,
  enableCoreDump: flag,
  privileged: flag,
  coreDumpImage: text,
  envoyStatsD: remoteService.exactOptional(),
  envoyMetricsService: remoteService.exactOptional(),
  envoyAccessLogService: remoteService.exactOptional(),
  resources: passed,
});

export const istioSchema = z.strictObject({
  apiVersion: z.string(),
  kind: z.string(),
  metadata: metadataSchema,
  spec: z.strictObject({
    version: z
      .string()
      .regex(/^1.4/, { error: (issue) => `version '${shorten(String(issue.input))}' is not a 1.4 release` }),
    outboundTrafficPolicy: z
      .strictObject({ mode: z.enum(['ALLOW_ANY', 'REGISTRY_ONLY']).exactOptional() })
      .exactOptional(),
    meshPolicy: z
      .strictObject({ mtlsMode: z.enum(['STRICT', 'PERMISSIVE', 'DISABLED']).exactOptional() })
      .exactOptional(),
    mtls: flag,
    autoMtls: flag,
    includeIPRanges: text,
    excludeIPRanges: text,
    autoInjectionNamespaces: textList.exactOptional(),
    proxy: proxy.exactOptional(),
    gateways: z
      .strictObject({
        enabled: flag,
        ingress: gateway.exactOptional(),
        egress: gateway.exactOptional(),
        k8singress: z.strictObject({ enabled: flag, enableHttps: flag }).exactOptional(),
      })
      .exactOptional(),
    imagePullPolicy: z.enum(['Always', 'Never', 'IfNotPresent']).exactOptional(),
    defaultConfigVisibility: z.enum(['', '.', '*']).exactOptional(),
    trustDomain: text,
    trustDomainAliases: textList.exactOptional(),
    clusterName: text,
    networkName: text,
    meshID: text,
    priorityClassName: text,
    controlPlaneSecurityEnabled: flag,
    watchOneNamespace: flag,
    watchAdapterCRDs: flag,
    useMCP: flag,
    multiMesh: flag,
    meshExpansion: flag,
    ...componentSchemas,
  }),
  status: z
    .looseObject({
      Status: z.string().exactOptional(),
      GatewayAddress: z.array(z.string()).exactOptional(),
      ErrorMessage: z.string().exactOptional(),
    })
    .exactOptional(),
});

export type Istio = Immutable<z.infer<typeof istioSchema>>;
export type IstioSpec = Istio['spec'];
export type IstioGateway = NonNullable<NonNullable<IstioSpec['gateways']>['egress']>;
