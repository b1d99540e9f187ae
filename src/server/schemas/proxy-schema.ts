// The bodies about proxies and the programs beside them.
import { z } from 'zod';
import type { ExecPlan } from '../../runtime/protocol.ts';
import type { PodsBody, ProxiesBody, ProxyConfigBody } from '../wire.ts';
import { componentSchema } from './components.ts';

const syncState = z.enum(['SYNCED', 'STALE', 'ERROR', 'NOT_SENT']);

const typeStatus = componentSchema(
  'TypeStatus',
  z.strictObject({
    state: syncState,
    resources: z.int(),
    sentAt: z.string().exactOptional(),
    ackedAt: z.string().exactOptional(),
    refused: z
      .array(
        z.strictObject({
          name: z.string(),
          origins: z.array(z.string()).describe('Kind/namespace/name of the objects at fault'),
          error: z.string().describe("Envoy's own words"),
          since: z.string(),
        }),
      )
      .exactOptional()
      .describe('resources that the proxy refused as they are now'),
  }),
);

const labels = z.record(z.string(), z.string());

export const proxiesSchema = componentSchema(
  'Proxies',
  z.strictObject({
    proxies: z.array(
      z.strictObject({
        namespace: z.string(),
        name: z.string(),
        workload: z.string(),
        serviceAccount: z.string(),
        labels,
        type: z.enum(['sidecar', 'router']),
        nodeId: z.string(),
        connectedAt: z.string(),
        version: z.string(),
        types: z.strictObject({
          CDS: typeStatus,
          LDS: typeStatus,
          EDS: typeStatus,
          RDS: typeStatus,
          VHDS: typeStatus,
          SDS: typeStatus,
        }),
      }),
    ),
  }),
) satisfies z.ZodType<ProxiesBody>;

export const proxyConfigSchema = componentSchema(
  'ProxyConfig',
  z.strictObject({
    resources: z.array(
      z.strictObject({
        name: z.string(),
        version: z.string(),
        origins: z.array(z.string()).describe('Kind/namespace/name of the objects it was made of'),
        state: syncState,
        error: z.string().exactOptional().describe("why the proxy refused it, in Envoy's words"),
        json: z.unknown().describe("the message in protobuf's JSON form, without private keys"),
      }),
    ),
  }),
) satisfies z.ZodType<ProxyConfigBody>;

const socket = z.strictObject({ address: z.string(), port: z.int() });

const process = componentSchema(
  'Process',
  z.strictObject({
    phase: z.enum(['Pending', 'Running', 'Exited', 'CrashLoopBackOff', 'Absent']),
    ready: z.boolean(),
    pid: z.int().exactOptional(),
    startedAt: z.string().exactOptional(),
    restarts: z.int(),
    exitCode: z.int().exactOptional(),
    signal: z.string().exactOptional(),
    reason: z.string().exactOptional().describe('why it is not running'),
  }),
);

export const podsSchema = componentSchema(
  'Pods',
  z.strictObject({
    pods: z.array(
      z.strictObject({
        namespace: z.string(),
        name: z.string(),
        uid: z.string(),
        workload: z.string(),
        labels,
        podIP: z.string(),
        appIP: z.string(),
        proxyIP: z.string(),
        dns: socket,
        programDns: socket.exactOptional(),
        dnsRelay: socket,
        proxyUid: z.int(),
        xdsPath: z.string(),
        outboundProxy: socket.exactOptional(),
        app: process,
        proxy: process,
        logs: z.strictObject({
          app: z.string(),
          access: z.string(),
          envoy: z.string(),
          records: z.string().exactOptional().describe("what Envoy records of the program's traffic"),
        }),
      }),
    ),
  }),
) satisfies z.ZodType<PodsBody>;

export const execPlanSchema = componentSchema(
  'ExecPlan',
  z.strictObject({ argv: z.array(z.string()), env: z.record(z.string(), z.string()), cwd: z.string().exactOptional() }),
) satisfies z.ZodType<ExecPlan>;
