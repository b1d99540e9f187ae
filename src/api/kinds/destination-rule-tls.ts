// TLS towards a destination: structure of Istio's ClientTLSSettings.
import { z } from 'zod';
import type { Immutable } from '../immutable.ts';
import { textList } from '../schema-parts.ts';

const text = z.string().exactOptional();

export const clientTlsSettings = z.strictObject({
  mode: z.enum(['DISABLE', 'SIMPLE', 'MUTUAL', 'ISTIO_MUTUAL']).exactOptional(),
  clientCertificate: text,
  privateKey: text,
  caCertificates: text,
  caCrl: text,
  credentialName: text,
  subjectAltNames: textList.exactOptional(),
  sni: text,
  insecureSkipVerify: z.boolean().exactOptional(),
});

export type ClientTlsSettings = Immutable<z.infer<typeof clientTlsSettings>>;
