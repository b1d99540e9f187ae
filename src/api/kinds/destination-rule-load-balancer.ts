// How one of a destination's endpoints is chosen: structure of Istio's LoadBalancerSettings.
import { z } from 'zod';
import type { Immutable } from '../immutable.ts';
import { anyDuration } from '../schema-duration.ts';
import { mapOf } from '../schema-map.ts';
import { textList } from '../schema-parts.ts';

const text = z.string().exactOptional();
const flag = z.boolean().exactOptional();
const weight = z.int().min(0).max(4_294_967_295);

const consistentHash = z.strictObject({
  httpHeaderName: text,
  httpCookie: z
    .strictObject({
      name: z.string(),
      path: text,
      ttl: anyDuration.exactOptional(),
      attributes: z.array(z.strictObject({ name: z.string(), value: text })).exactOptional(),
    })
    .exactOptional(),
  useSourceIp: flag,
  httpQueryParameterName: text,
  ringHash: z.strictObject({ minimumRingSize: z.int().min(0).exactOptional() }).exactOptional(),
  maglev: z.strictObject({ tableSize: z.int().min(0).exactOptional() }).exactOptional(),
  minimumRingSize: z.int().min(0).exactOptional(),
});

export const loadBalancer = z.strictObject({
  simple: z
    .enum(['UNSPECIFIED', 'LEAST_CONN', 'RANDOM', 'PASSTHROUGH', 'ROUND_ROBIN', 'LEAST_REQUEST'])
    .exactOptional(),
  consistentHash: consistentHash.exactOptional(),
  localityLbSetting: z
    .strictObject({
      distribute: z.array(z.strictObject({ from: text, to: mapOf(weight).exactOptional() })).exactOptional(),
      failover: z.array(z.strictObject({ from: text, to: text })).exactOptional(),
      failoverPriority: textList.exactOptional(),
      enabled: flag,
    })
    .exactOptional(),
  warmupDurationSecs: anyDuration.exactOptional(),
  warmup: z
    .strictObject({
      duration: anyDuration,
      minimumPercent: z.number().min(0).max(100).exactOptional(),
      aggression: z.number().min(0).exactOptional(),
    })
    .exactOptional(),
});

export type LoadBalancerSettings = Immutable<z.infer<typeof loadBalancer>>;
