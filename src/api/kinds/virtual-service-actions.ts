// What a rule of a VirtualService does with a request beside routing it. Structure of Istio's HTTPRedirect,
// HTTPDirectResponse, HTTPRewrite, HTTPRetry, HTTPFaultInjection, CorsPolicy and Delegate.
import { z } from 'zod';
import type { Immutable } from '../immutable.ts';
import { duration } from '../schema-duration.ts';
import { portNumber, textList } from '../schema-parts.ts';
import { stringMatch } from './virtual-service-match.ts';

const text = z.string().exactOptional();
const flag = z.boolean().exactOptional();

export const percentage = z.strictObject({ value: z.number().min(0).max(100).exactOptional() });
/** The deprecated form, in whole percents. */
export const percent = z.int().min(0).max(100);

export const redirect = z.strictObject({
  uri: text,
  authority: text,
  port: portNumber.exactOptional(),
  derivePort: z.enum(['FROM_PROTOCOL_DEFAULT', 'FROM_REQUEST_PORT']).exactOptional(),
  scheme: text,
  redirectCode: z.int().exactOptional(),
});

export const directResponse = z.strictObject({
  status: z.int(),
  body: z.strictObject({ string: text, bytes: text }).exactOptional(),
});

export const rewrite = z.strictObject({
  uri: text,
  authority: text,
  uriRegexRewrite: z.strictObject({ match: text, rewrite: text }).exactOptional(),
});

export const retries = z.strictObject({
  attempts: z.int().min(0, 'attempts cannot be negative').max(2_147_483_647).exactOptional(),
  perTryTimeout: duration.exactOptional(),
  retryOn: text,
  retryRemoteLocalities: flag,
  retryIgnorePreviousHosts: flag,
  backoff: duration.exactOptional(),
});

export const fault = z.strictObject({
  delay: z
    .strictObject({
      fixedDelay: duration.exactOptional(),
      exponentialDelay: duration.exactOptional(),
      percentage: percentage.exactOptional(),
      percent: percent.exactOptional(),
    })
    .exactOptional(),
  abort: z
    .strictObject({
      httpStatus: z.int().exactOptional(),
      grpcStatus: text,
      http2Error: text,
      percentage: percentage.exactOptional(),
    })
    .exactOptional(),
});

export const corsPolicy = z.strictObject({
  allowOrigin: textList.exactOptional(),
  allowOrigins: z.array(stringMatch).exactOptional(),
  allowMethods: textList.exactOptional(),
  allowHeaders: textList.exactOptional(),
  exposeHeaders: textList.exactOptional(),
  maxAge: duration.exactOptional(),
  allowCredentials: flag,
  unmatchedPreflights: z.enum(['UNSPECIFIED', 'FORWARD', 'IGNORE']).exactOptional(),
});

export const delegate = z.strictObject({ name: text, namespace: text });

export type HttpRedirect = Immutable<z.infer<typeof redirect>>;
export type HttpDirectResponse = Immutable<z.infer<typeof directResponse>>;
export type HttpRewrite = Immutable<z.infer<typeof rewrite>>;
export type HttpRetry = Immutable<z.infer<typeof retries>>;
export type Delegate = Immutable<z.infer<typeof delegate>>;
export type CorsPolicy = Immutable<z.infer<typeof corsPolicy>>;
export type HttpFault = Immutable<z.infer<typeof fault>>;
