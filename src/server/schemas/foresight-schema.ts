// The bodies that tell what a change would do, and what wants tidying up.
import { z } from 'zod';
import type { Immutable } from '../../api/immutable.ts';
import { consequences, type DryRun } from '../../dry-run/dry-run.ts';
import type { Upkeep } from '../../upkeep/upkeep.ts';
import { durationPattern } from '../duration.ts';
import { componentSchema } from './components.ts';
import { diagnosticSchema } from './mesh-schema.ts';
import { timeSchema } from './traffic-schema.ts';

const count = z.int().min(0);
const port = z.int().min(0).max(65_535);
const workload = z.strictObject({ namespace: z.string(), workload: z.string() });

export const dryRunAskSchema = componentSchema(
  'DryRunAsk',
  z.strictObject({
    policy: z.enum(['allowed', 'restricted']).exactOptional().describe('of the whole mesh'),
    objects: z.array(z.unknown()).max(50_000).exactOptional().describe('as they would be applied, or deleted'),
    delete: z.boolean().exactOptional().describe('the objects are taken away'),
    since: z
      .string()
      .regex(durationPattern)
      .exactOptional()
      .describe('flows of so long, for example 7d; all that are kept if absent'),
    namespace: z.string().min(1).exactOptional().describe('of the source'),
  }),
);

const outcome = z.strictObject({
  leaves: z.boolean(),
  sees: z
    .union([z.int(), z.literal('closed')])
    .exactOptional()
    .describe('the caller, where it is stopped'),
  object: z.string().describe('that decides'),
  reason: z.string().exactOptional(),
  via: z.array(z.string()).describe('gateways on the way, namespace/workload'),
  tls: z.enum(['as-sent', 'originated', 'mutual']).describe('how it leaves the last proxy'),
});

const effect = componentSchema(
  'Effect',
  z.strictObject({
    consequence: z.enum(consequences),
    source: workload,
    destination: z.strictObject({
      host: z.string(),
      port,
      kind: z.enum(['service', 'external', 'passthrough', 'blocked']).describe('as it was seen'),
      serviceEntry: z.string().exactOptional(),
    }),
    protocol: z.enum(['http', 'grpc', 'tls', 'tcp']),
    requests: count,
    connections: count,
    lastSeen: timeSchema,
    when: z.array(z.string()).describe('what would have to hold; empty: it is certain'),
    present: outcome,
    changed: outcome,
  }),
);

const counted = z.strictObject({
  calls: count.describe('of one workload to one host and port by one protocol'),
  workloads: count,
  hosts: count,
});

export const dryRunSchema = componentSchema(
  'DryRun',
  z.strictObject({
    since: timeSchema.describe('flows are on record from here on'),
    judged: count.describe('flows that were tried'),
    notJudged: z.strictObject({
      gone: count.describe('their workload is gone'),
      other: count.describe('their host was not told apart'),
      entering: count.describe('came in by a gateway from outside'),
    }),
    summary: z.strictObject({
      breaks: counted,
      'may-break': counted,
      opens: counted,
      'may-open': counted,
      moves: counted,
    }),
    effects: z.array(effect).describe('at most 1000 of each consequence; the summary counts all'),
    diagnostics: z.array(diagnosticSchema).describe('objects that would be refused, and are left out'),
  }),
) satisfies z.ZodType<Immutable<DryRun>>;

export const upkeepSchema = componentSchema(
  'Upkeep',
  z.strictObject({
    since: timeSchema.describe('hosts are unused from here on: as far back as was asked, and is on record'),
    unused: z.array(
      z.strictObject({
        host: z.string(),
        ports: z.array(port),
        object: z.string(),
        lastUsed: timeSchema.exactOptional().describe('absent: not within what is on record'),
      }),
    ),
    shadowed: z.array(z.strictObject({ host: z.string(), object: z.string(), by: z.array(z.string()) })),
    uncovered: z.array(workload.extend({ reason: z.string() })),
    aroundGateways: z.array(
      z.strictObject({
        source: workload,
        host: z.string(),
        port,
        gateways: z.array(z.string()),
        objects: z.array(z.string()),
        requests: count,
        connections: count,
        lastSeen: timeSchema,
      }),
    ),
  }),
) satisfies z.ZodType<Immutable<Upkeep>>;
