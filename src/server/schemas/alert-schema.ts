// The bodies that tell alerts.
import { z } from 'zod';
import { alertKinds } from '../../api/alert-settings.ts';
import { alertSeverities, alertStates } from '../../telemetry/alert.ts';
import { componentSchema } from './components.ts';
import { timeSchema } from './traffic-schema.ts';

export const alertKindSchema = z.enum(alertKinds);
export const alertStateSchema = z.enum(alertStates);

export const alertSchema = componentSchema(
  'Alert',
  z.strictObject({
    id: z.int().min(1).describe('grows; never used twice'),
    kind: alertKindSchema,
    severity: z.enum(alertSeverities),
    state: alertStateSchema.describe('acknowledged by a person; resolved since nothing more of it was seen'),
    firstAt: timeSchema,
    lastAt: timeSchema,
    count: z.int().min(1).describe('requests and connections'),
    source: z.strictObject({ namespace: z.string(), workload: z.string(), identity: z.string().describe('SPIFFE') }),
    destination: z.strictObject({
      kind: z.enum(['service', 'external', 'passthrough', 'blocked']),
      host: z.string().describe('`*`: many hosts; `other`: those above the caps'),
      port: z.int().min(0).max(65_535).describe('0 where it is not known'),
      serviceEntry: z.string().exactOptional().describe('namespace/name, of a registered host'),
    }),
    protocol: z.enum(['http', 'grpc', 'tls', 'tcp']),
    reason: z.string().describe('one sentence for a person'),
    next: z.array(z.string()).describe('commands that show more, or that allow what is meant'),
    acknowledgedAt: timeSchema.exactOptional(),
    resolvedAt: timeSchema.exactOptional(),
  }),
);

export const alertsSchema = componentSchema(
  'Alerts',
  z.strictObject({ alerts: z.array(alertSchema).describe('oldest first') }),
);
