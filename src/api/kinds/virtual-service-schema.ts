// Structure of networking.istio.io VirtualService, every field of it. What can be wrong within one field is said
// beside the field's schema; what concerns several is virtual-service-validation.ts.
import { z } from 'zod';
import type { Immutable } from '../immutable.ts';
import { metadataSchema } from '../metadata.ts';
import { duration } from '../schema-duration.ts';
import { portNumber, textList } from '../schema-parts.ts';
import { exportTarget } from './service-entry-export.ts';
import {
  corsPolicy,
  delegate,
  directResponse,
  fault,
  percent,
  percentage,
  redirect,
  retries,
  rewrite,
} from './virtual-service-actions.ts';
import { headerOperations } from './virtual-service-headers.ts';
import { httpMatch, tcpMatch, tlsMatch } from './virtual-service-match.ts';

export const destination = z.strictObject({
  host: z.string(),
  subset: z.string().exactOptional(),
  port: z.strictObject({ number: portNumber.exactOptional() }).exactOptional(),
});

const weight = z.int().min(0).max(2_147_483_647).exactOptional();
const routeDestination = z.strictObject({ destination, weight });
const httpRouteDestination = z.strictObject({ destination, weight, headers: headerOperations.exactOptional() });

const httpRoute = z.strictObject({
  name: z.string().exactOptional(),
  match: z.array(httpMatch).exactOptional(),
  route: z.array(httpRouteDestination).exactOptional(),
  redirect: redirect.exactOptional(),
  directResponse: directResponse.exactOptional(),
  delegate: delegate.exactOptional(),
  rewrite: rewrite.exactOptional(),
  timeout: duration.exactOptional(),
  retries: retries.exactOptional(),
  fault: fault.exactOptional(),
  mirror: destination.exactOptional(),
  mirrors: z.array(z.strictObject({ destination, percentage: percentage.exactOptional() })).exactOptional(),
  mirrorPercent: percent.exactOptional(),
  // The name that Istio's API had by mistake, and still takes.
  mirror_percent: percent.exactOptional(),
  mirrorPercentage: percentage.exactOptional(),
  corsPolicy: corsPolicy.exactOptional(),
  headers: headerOperations.exactOptional(),
});

const tlsRoute = z.strictObject({
  match: z.array(tlsMatch).min(1, 'TLS route must have at least one match condition'),
  route: z.array(routeDestination).exactOptional(),
});

const tcpRoute = z.strictObject({
  match: z.array(tcpMatch).exactOptional(),
  route: z.array(routeDestination).exactOptional(),
});

export const virtualServiceSchema = z.strictObject({
  apiVersion: z.string(),
  kind: z.string(),
  metadata: metadataSchema,
  spec: z.strictObject({
    hosts: textList.exactOptional(),
    gateways: textList.exactOptional(),
    http: z.array(httpRoute).exactOptional(),
    tls: z.array(tlsRoute).exactOptional(),
    tcp: z.array(tcpRoute).exactOptional(),
    exportTo: z.array(exportTarget).exactOptional(),
  }),
  status: z.unknown().exactOptional(),
});

export type VirtualService = Immutable<z.infer<typeof virtualServiceSchema>>;
export type VirtualServiceSpec = VirtualService['spec'];
export type Destination = Immutable<z.infer<typeof destination>>;
export type RouteDestination = Immutable<z.infer<typeof routeDestination>>;
export type HttpRouteDestination = Immutable<z.infer<typeof httpRouteDestination>>;
export type HttpRoute = Immutable<z.infer<typeof httpRoute>>;
export type TlsRoute = Immutable<z.infer<typeof tlsRoute>>;
export type TcpRoute = Immutable<z.infer<typeof tcpRoute>>;

export const virtualServiceDefaults = {
  gateways: ['mesh'],
  exportTo: ['*'],
} as const satisfies Partial<VirtualServiceSpec>;
