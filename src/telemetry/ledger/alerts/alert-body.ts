// What an alert's row keeps, as JSON.
import { z } from 'zod';
import { alertKinds } from '../../../api/alert-settings.ts';
import { type Alert, alertSeverities, alertStates } from '../../alert.ts';
import { numberIn, type Row, textIn } from '../row.ts';

const text = z.string();
const number = z.number();

const bodySchema = z.object({
  kind: z.enum(alertKinds),
  severity: z.enum(alertSeverities),
  state: z.enum(alertStates),
  reason: text,
  firstAt: number,
  lastAt: number,
  count: number,
  source: z.object({ namespace: text, workload: text, identity: text }),
  destination: z.object({
    kind: z.enum(['service', 'external', 'passthrough', 'blocked']),
    host: text,
    port: number,
    serviceEntry: text.exactOptional(),
  }),
  protocol: z.enum(['http', 'grpc', 'tls', 'tcp']),
  next: z.array(text),
  acknowledgedAt: number.exactOptional(),
  resolvedAt: number.exactOptional(),
});

export function alertText({ id: _id, ...body }: Alert): string {
  return JSON.stringify(body satisfies z.infer<typeof bodySchema> | object);
}

/** A row of alerts. Throws if it is none of alertText's. */
export function readAlert(row: Row): Alert {
  return { id: numberIn(row, 'id'), ...bodySchema.parse(JSON.parse(textIn(row, 'body'))) };
}
