// Structure of networking.istio.io Gateway, every field of it.
import { z } from 'zod';
import type { Immutable } from '../immutable.ts';
import { labelMap, metadataSchema } from '../metadata.ts';
import { portNumber, textList } from '../schema-parts.ts';

const text = z.string().exactOptional();
const tlsVersion = z.enum(['TLS_AUTO', 'TLSV1_0', 'TLSV1_1', 'TLSV1_2', 'TLSV1_3']).exactOptional();

export const serverTlsSettings = z.strictObject({
  httpsRedirect: z.boolean().exactOptional(),
  mode: z
    .enum(['PASSTHROUGH', 'SIMPLE', 'MUTUAL', 'AUTO_PASSTHROUGH', 'ISTIO_MUTUAL', 'OPTIONAL_MUTUAL'])
    .exactOptional(),
  serverCertificate: text,
  privateKey: text,
  caCertificates: text,
  caCrl: text,
  tlsCertificates: z
    .array(z.strictObject({ serverCertificate: text, privateKey: text, caCertificates: text }))
    .exactOptional(),
  credentialName: text,
  credentialNames: textList.exactOptional(),
  caCertCredentialName: text,
  subjectAltNames: textList.exactOptional(),
  verifyCertificateSpki: textList.exactOptional(),
  verifyCertificateHash: textList.exactOptional(),
  minProtocolVersion: tlsVersion,
  maxProtocolVersion: tlsVersion,
  cipherSuites: textList.exactOptional(),
});

const server = z.strictObject({
  name: text,
  port: z.strictObject({
    number: portNumber,
    name: z.string(),
    protocol: z.string(),
    targetPort: portNumber.exactOptional(),
  }),
  bind: text,
  hosts: textList,
  tls: serverTlsSettings.exactOptional(),
  defaultEndpoint: text,
});

export const gatewaySchema = z.strictObject({
  apiVersion: z.string(),
  kind: z.string(),
  metadata: metadataSchema,
  spec: z.strictObject({
    selector: labelMap.exactOptional(),
    servers: z.array(server).min(1, 'gateway must have at least one server'),
  }),
  status: z.unknown().exactOptional(),
});

export type Gateway = Immutable<z.infer<typeof gatewaySchema>>;
export type GatewaySpec = Gateway['spec'];
export type GatewayServer = Immutable<z.infer<typeof server>>;
export type ServerTlsSettings = Immutable<z.infer<typeof serverTlsSettings>>;
