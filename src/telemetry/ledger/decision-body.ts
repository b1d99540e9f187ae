// What a decision's row keeps beside the columns that it is found by: lists without names, for there may be a hundred
// thousand of them.
import { z } from 'zod';
import type { Decision, NewDecision } from '../decision.ts';
import { numberIn, type Row, textIn } from './row.ts';

const text = z.string();
const number = z.number();
const optional = text.nullable();
const verdictSchema = z.enum(['blocked', 'passthrough', 'reported']);
const signatureSchema = z.enum([
  'unknown-host',
  'unknown-sni',
  'unknown-address',
  'connect-refused',
  'upgrade-refused',
  'low-version',
  'malformed-request',
  'missing-host',
  'headers-too-large',
  'https-on-plaintext',
  'not-served',
  'no-destination',
  'address-refused',
  'policy-denied',
  'policy-reported',
  'names-differ',
  'refused',
  'passed-unregistered',
]);

const bodySchema = z.object({
  /** First event, count, bytes sent and received. */
  n: z.tuple([number, number, number, number]),
  /** Pod, identity; of a gateway's who proved to have called it. */
  s: z.tuple([text, text], text),
  /** Kind, port, serviceEntry, namespace, name, address. */
  d: z.tuple([z.enum(['service', 'external', 'passthrough', 'blocked']), number, optional, optional, optional, text]),
  /** Protocol, method, path. */
  p: z.tuple([z.enum(['http', 'grpc', 'tls', 'tcp']), optional, optional]),
  /** Code, flags, gRPC status. */
  o: z.tuple([number, text, text]),
  /** Signature, reason, object, details. */
  w: z.tuple([signatureSchema, text, text, text]),
});

export function bodyText(decision: NewDecision): string {
  const { source, destination, outcome, method = null, path = null } = decision;
  const { serviceEntry = null, namespace = null, name = null } = destination;
  const body: z.infer<typeof bodySchema> = {
    n: [decision.firstAt, decision.count, decision.bytesSent, decision.bytesReceived],
    s: [source.pod, source.identity, ...(decision.callerIdentity === undefined ? [] : [decision.callerIdentity])],
    d: [destination.kind, destination.port, serviceEntry, namespace, name, decision.address],
    p: [decision.protocol, method, path],
    o: [outcome.code, outcome.flags, outcome.grpcStatus],
    w: [decision.signature, decision.reason, decision.object, decision.details],
  };
  return JSON.stringify(body);
}

/** A row of decisions with its `body`. Throws if it is none of bodyText's. */
export function readDecision(row: Row): Decision {
  const { n, s, d, p, o, w } = bodySchema.parse(JSON.parse(textIn(row, 'body')));
  const [firstAt, count, bytesSent, bytesReceived] = n;
  const [pod, identity, callerIdentity] = s;
  const [kind, port, serviceEntry, namespace, name, address] = d;
  const [protocol, method, path] = p;
  const [code, flags, grpcStatus] = o;
  const [signature, reason, object, details] = w;
  return {
    id: numberIn(row, 'id'),
    firstAt,
    lastAt: numberIn(row, 'last_at'),
    count,
    source: { namespace: textIn(row, 'namespace'), workload: textIn(row, 'workload'), pod, identity },
    ...(callerIdentity === undefined ? {} : { callerIdentity }),
    verdict: verdictSchema.parse(row['verdict']),
    destination: {
      kind,
      host: textIn(row, 'host'),
      port,
      ...(serviceEntry === null ? {} : { serviceEntry }),
      ...(namespace === null ? {} : { namespace }),
      ...(name === null ? {} : { name }),
    },
    address,
    protocol,
    outcome: { code, flags, grpcStatus },
    signature,
    reason,
    object,
    details,
    ...(method === null ? {} : { method }),
    ...(path === null ? {} : { path }),
    bytesSent,
    bytesReceived,
  };
}
