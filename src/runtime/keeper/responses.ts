// What a keeper answers, checked by its client: the shapes of protocol.ts. A keeper may be older than who asks it.
import { z } from 'zod';
import type {
  Ended,
  ExecPlan,
  KeeperEvent,
  KeeperStatus,
  LoadBalancerStatus,
  PodStatus,
  ProcessStatus,
  SandboxStatus,
} from '../protocol.ts';

const address = z.object({ address: z.string(), port: z.int() });

const sandboxFields = {
  namespace: z.string(),
  name: z.string(),
  podIP: z.string(),
  appIP: z.string(),
  proxyIP: z.string(),
  dns: address,
  programDns: address.exactOptional(),
  dnsRelay: address,
  proxyUid: z.int(),
  xdsPath: z.string(),
  outboundProxy: address.exactOptional(),
};

const processStatusSchema: z.ZodType<ProcessStatus> = z.object({
  phase: z.enum(['Pending', 'Running', 'Exited', 'CrashLoopBackOff', 'Absent']),
  ready: z.boolean(),
  pid: z.int().exactOptional(),
  startedAt: z.string().exactOptional(),
  restarts: z.int(),
  exitCode: z.int().exactOptional(),
  signal: z.string().exactOptional(),
  reason: z.string().exactOptional(),
});

export const sandboxStatusSchema: z.ZodType<SandboxStatus> = z.object(sandboxFields);

export const podStatusSchema: z.ZodType<PodStatus> = z.object({
  ...sandboxFields,
  uid: z.string(),
  workload: z.string(),
  app: processStatusSchema,
  proxy: processStatusSchema,
  logs: z.object({
    app: z.string(),
    access: z.string(),
    envoy: z.string(),
    records: z.string().exactOptional(),
  }),
});

export const loadBalancerStatusSchema: z.ZodType<LoadBalancerStatus> = z.object({
  address: z.string(),
  mappedPorts: z.array(z.object({ port: z.int(), servedAt: z.int() })),
});

export const loadBalancerNamesSchema = z.array(z.object({ namespace: z.string(), name: z.string() }));

export const keeperStatusSchema: z.ZodType<KeeperStatus> = z.object({
  pid: z.int(),
  startedAt: z.string(),
  version: z.string(),
  envoy: z.object({ path: z.string(), version: z.string() }),
  capture: z.enum(['redirect', 'proxy']),
  hostChanges: z.array(z.string()),
});

export const execPlanSchema: z.ZodType<ExecPlan> = z.object({
  argv: z.array(z.string()),
  env: z.record(z.string(), z.string()),
  cwd: z.string().exactOptional(),
});

export const endedSchema: z.ZodType<Ended> = z.object({ undone: z.array(z.string()), ended: z.int() });

export const keeperEventSchema: z.ZodType<KeeperEvent> = z.discriminatedUnion('type', [
  z.object({ type: z.literal('pod'), pod: podStatusSchema }),
  z.object({ type: z.literal('gone'), namespace: z.string(), name: z.string() }),
]);

export const failureSchema = z.object({ code: z.string(), message: z.string(), hint: z.string().optional() });
