// Structure of networking.istio.io Sidecar, every field of it.
import { z } from 'zod';
import type { Immutable } from '../immutable.ts';
import { labelMap, metadataSchema } from '../metadata.ts';
import { textList } from '../schema-parts.ts';
import { connectionPool } from './destination-rule-policy.ts';
import { serverTlsSettings } from './gateway-schema.ts';
import { destination } from './virtual-service-schema.ts';

const text = z.string().exactOptional();
const captureMode = z.enum(['DEFAULT', 'IPTABLES', 'NONE']).exactOptional();

/** Number 0 stands for a Unix socket. */
const port = z.strictObject({
  number: z.int().min(0).max(65535).exactOptional(),
  protocol: text,
  name: text,
  targetPort: z.int().min(0).max(65535).exactOptional(),
});

const ingressListener = z.strictObject({
  port: port.exactOptional(),
  bind: text,
  captureMode,
  defaultEndpoint: text,
  tls: serverTlsSettings.exactOptional(),
  connectionPool: connectionPool.exactOptional(),
});

const egressListener = z.strictObject({
  port: port.exactOptional(),
  bind: text,
  captureMode,
  hosts: textList.exactOptional(),
});

export const sidecarSchema = z.strictObject({
  apiVersion: z.string(),
  kind: z.string(),
  metadata: metadataSchema,
  spec: z.strictObject({
    workloadSelector: z.strictObject({ labels: labelMap.exactOptional() }).exactOptional(),
    ingress: z.array(ingressListener).exactOptional(),
    egress: z.array(egressListener).exactOptional(),
    inboundConnectionPool: connectionPool.exactOptional(),
    outboundTrafficPolicy: z
      .strictObject({
        mode: z.enum(['REGISTRY_ONLY', 'ALLOW_ANY']).exactOptional(),
        egressProxy: destination.exactOptional(),
      })
      .exactOptional(),
  }),
  status: z.unknown().exactOptional(),
});

export type Sidecar = Immutable<z.infer<typeof sidecarSchema>>;
export type SidecarSpec = Sidecar['spec'];
export type EgressListener = Immutable<z.infer<typeof egressListener>>;
export type IngressListener = Immutable<z.infer<typeof ingressListener>>;
export type SidecarPort = Immutable<z.infer<typeof port>>;
