// The bodies that tell traffic: flows, the graph and decisions. Schemas are the one source: types for clients come from
// them (wire.ts), and the OpenAPI document.
import { z } from 'zod';
import { componentSchema } from './components.ts';

export const timeSchema = z.iso.datetime().describe('RFC 3339, UTC');
const count = z.int().min(0);
const counts = z.record(z.string(), count);
const bytes = count.describe('bytes');

const kind = z
  .enum(['service', 'external', 'passthrough', 'blocked'])
  .describe('service: in the mesh; external: registered outside; passthrough: let out unregistered; blocked: stopped');
const protocol = z.enum(['http', 'grpc', 'tls', 'tcp']).describe('tls is passed on unread');
const port = z.int().min(0).max(65_535).describe('0 where it is not known');

/** Of MtlsUse. */
const mtlsUse = {
  mtls: z
    .boolean()
    .exactOptional()
    .describe(
      'whether all that reached the other end within the mesh, or a gateway, went by mTLS; absent where nothing did: outside the mesh, or refused',
    ),
  withMtls: count.exactOptional().describe('requests and connections that went by mTLS; there where `mtls` is'),
  withoutMtls: count.exactOptional().describe('those that did not'),
};

const flow = componentSchema(
  'Flow',
  z.strictObject({
    source: z.strictObject({ namespace: z.string(), workload: z.string() }),
    destination: z.strictObject({
      kind,
      host: z
        .string()
        .describe('registered host; else Host, SNI or address, whichever is known first; `other` above the cap'),
      port,
      serviceEntry: z.string().exactOptional().describe('namespace/name, of an external destination'),
    }),
    via: z.array(z.string()).describe('gateways passed, in order: namespace/workload'),
    protocol,
    requests: count,
    connections: count.describe('TCP and TLS: opened ones; of blocked ones those that were refused'),
    responses: counts.describe('by response code; empty where the protocol has none'),
    bytesSent: bytes,
    bytesReceived: bytes,
    firstSeen: timeSchema.describe('first event in the stretch'),
    lastSeen: timeSchema.describe('last event in the stretch'),
    flags: counts.describe("by Envoy's response flags, without those that ended well"),
    open: count.describe('connections that are open now, whenever they were opened'),
    stillAllowed: z
      .boolean()
      .exactOptional()
      .describe('where connections are open: whether a new one would be let out now'),
    peers: z
      .array(
        z.strictObject({
          address: z.string(),
          locality: z.string().exactOptional().describe('region/zone/subzone'),
          requests: count,
          connections: count,
          bytesSent: bytes,
          bytesReceived: bytes,
        }),
      )
      .describe('addresses it went to, most used first, at most 20'),
    ...mtlsUse,
  }),
);

const stretch = {
  from: timeSchema.describe('begin of the stretch that is told, in whole minutes or hours'),
  to: timeSchema.describe('its end, now at most'),
};

export const flowsSchema = componentSchema('Flows', z.strictObject({ flows: z.array(flow), ...stretch }));

const graphNode = componentSchema(
  'GraphNode',
  z.strictObject({
    id: z.string().describe('stable: `workload/<namespace>/<name>` or `<kind>/<host>`'),
    kind: z.enum(['workload', 'gateway', 'service', 'external', 'passthrough', 'blocked']),
    name: z.string(),
    namespace: z.string().exactOptional(),
    serviceEntries: z.array(z.string()),
  }),
);

const graphEdge = componentSchema(
  'GraphEdge',
  z.strictObject({
    id: z.string(),
    source: z.string().describe('id of a node'),
    target: z.string().describe('id of a node'),
    protocol,
    ports: z.array(port),
    requests: count,
    connections: count,
    rate: z.number().min(0).describe('requests and connections each second, over the stretch'),
    errors: count.describe('blocked, answered 5xx, or without an upstream'),
    errorShare: z.number().min(0).max(1),
    responses: counts,
    flags: counts,
    bytesSent: bytes,
    bytesReceived: bytes,
    open: count,
    ...mtlsUse,
    firstSeen: timeSchema,
    lastSeen: timeSchema,
  }),
);

export const graphSchema = componentSchema(
  'Graph',
  z.strictObject({ nodes: z.array(graphNode), edges: z.array(graphEdge), ...stretch }),
);

export const verdictSchema = z.enum(['blocked', 'passthrough', 'reported']);

export const decisionSchema = componentSchema(
  'Decision',
  z.strictObject({
    id: z.int().min(1).describe('grows with every decision; never used twice'),
    firstAt: timeSchema,
    lastAt: timeSchema,
    count: z.int().min(1).describe('events that were the same in all that is told'),
    source: z.strictObject({
      namespace: z.string(),
      workload: z.string(),
      pod: z.string(),
      identity: z.string().describe('SPIFFE id, as the stream of its proxy proved it'),
    }),
    callerIdentity: z
      .string()
      .exactOptional()
      .describe('at a gateway: SPIFFE id that the certificate of its caller proved'),
    verdict: verdictSchema,
    destination: z.strictObject({ kind, host: z.string(), port, serviceEntry: z.string().exactOptional() }),
    address: z.string().describe('address:port it was going to; empty if unknown'),
    protocol,
    outcome: z.strictObject({ code: count.describe('0: none was sent'), flags: z.string(), grpcStatus: z.string() }),
    signature: z.string().describe('what kind of refusal it was, for machines'),
    reason: z.string().describe('one sentence for a person'),
    object: z.string().describe('the object that decided, or `default`'),
    details: z.string().describe("Envoy's details, empty if none"),
    method: z.string().exactOptional(),
    path: z.string().exactOptional().describe('without its query'),
    bytesSent: bytes,
    bytesReceived: bytes,
  }),
);

export const decisionsSchema = componentSchema(
  'Decisions',
  z.strictObject({
    decisions: z.array(decisionSchema).describe('oldest first'),
    lastId: count.describe('id of the newest decision there is, for `afterId`; 0 if there is none'),
  }),
);
