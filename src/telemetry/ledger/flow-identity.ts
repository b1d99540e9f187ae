// What makes traffic one flow, as a text that the ledger's table keeps.
import { z } from 'zod';
import type { Flow } from '../flow.ts';
import type { Observation } from '../observation.ts';
import type { Source } from '../traffic.ts';

export type FlowIdentity = Pick<Flow, 'by' | 'source' | 'destination' | 'via' | 'protocol'>;

const bySchema = z.enum(['gateway', 'relay']);

/** Has a ninth where a gateway tells it. */
const identitySchema = z.tuple([
  z.string(),
  z.string(),
  z.enum(['service', 'external', 'passthrough', 'blocked']),
  z.string(),
  z.number(),
  z.string().nullable(),
  z.array(z.string()),
  z.enum(['http', 'grpc', 'tls', 'tcp']),
  bySchema.optional(),
]);

export function identityText({ by, destination, via, protocol }: Observation, source: Source): string {
  const { kind, host, port, serviceEntry = null } = destination;
  const parts = [source.namespace, source.workload, kind, host, port, serviceEntry, via, protocol];
  return JSON.stringify(by === undefined ? parts : [...parts, by]);
}

/** Throws if the text is none of identityText's. */
export function readIdentity(text: string): FlowIdentity {
  const [namespace, workload, kind, host, port, serviceEntry, via, protocol, by] = identitySchema.parse(
    JSON.parse(text),
  );
  return {
    ...(by === undefined ? {} : { by }),
    source: { namespace, workload },
    destination: { kind, host, port, ...(serviceEntry === null ? {} : { serviceEntry }) },
    via,
    protocol,
  };
}
