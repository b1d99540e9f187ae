// The body that tells whether an attempt would leave, by which way, and what would let it out.
import { z } from 'zod';
import { componentSchema } from './components.ts';
import { objectSchema } from './object-schema.ts';

const tls = z
  .enum(['as-sent', 'originated', 'mutual'])
  .describe("as-sent: as it came; originated: the proxy's own TLS; mutual: mTLS of the mesh");

const hop = componentSchema(
  'CheckHop',
  z.strictObject({
    kind: z.enum(['sidecar', 'gateway']),
    namespace: z.string(),
    workload: z.string(),
    listener: z.string().describe('names as proxy-config shows them; empty where it did not come so far'),
    chain: z.string(),
    route: z.string(),
    cluster: z.string(),
    tls,
    objects: z.array(z.string()).describe('that what it took was made from'),
  }),
);

const place = { host: z.string(), port: z.int() };
const how = z
  .union([z.int(), z.literal('closed')])
  .describe('what the caller sees: a status, or its connection closed');
const told = { reason: z.string().describe('one sentence for a person'), object: z.string().describe('that decides') };

const end = componentSchema(
  'CheckEnd',
  z.discriminatedUnion('kind', [
    z.strictObject({
      kind: z.enum(['service', 'external']),
      ...place,
      object: z.string().describe('that registers it'),
      serviceEntry: z.string().exactOptional().describe('namespace/name'),
      tls,
      reported: z.string().exactOptional().describe('the EgressPolicy that would stop it, were its mode enforce'),
    }),
    z.strictObject({ kind: z.literal('passthrough'), ...place, signature: z.string(), ...told }),
    z.strictObject({
      kind: z.literal('answered'),
      code: z.int().describe('by a proxy itself: a redirect, a response or a fault of a VirtualService'),
      object: z.string(),
    }),
    z.strictObject({ kind: z.literal('refused'), how, signature: z.string(), ...told }),
    z.strictObject({ kind: z.literal('unanswered'), how, ...place, ...told }),
    z.strictObject({ kind: z.literal('untold'), reason: z.string().describe('what the verdict does not know') }),
  ]),
);

export const checkSchema = componentSchema(
  'Check',
  z.strictObject({
    answer: z.enum(['allowed', 'refused', 'depends']).describe('depends: some of the ways lead out and some do not'),
    source: z.strictObject({ namespace: z.string(), workload: z.string(), serviceAccount: z.string() }),
    attempt: z.strictObject({
      protocol: z.enum(['http', 'grpc', 'tls', 'tcp']),
      ...place,
      method: z.string().exactOptional(),
      path: z.string().exactOptional(),
    }),
    ways: z.array(
      z.strictObject({
        when: z.array(z.string()).describe('conditions that all hold on this way; empty: always'),
        hops: z.array(hop).describe('proxies on the way, the own one first'),
        end,
      }),
    ),
    change: z
      .strictObject({
        summary: z.string().describe('for a person'),
        objects: z.array(objectSchema).describe('to be applied'),
      })
      .exactOptional()
      .describe('the smallest that would let it out, proved by a verdict on the mesh with it'),
  }),
);
