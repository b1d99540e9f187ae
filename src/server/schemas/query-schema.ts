// What may stand behind the `?`. About traffic the same schemas read a query and describe it, and an unknown word is
// refused: a filter with a typing mistake would show everything. Queries about objects are read by collection-query.ts.
import { z } from 'zod';
import { durationPattern, parseDuration } from '../duration.ts';
import { alertKindSchema, alertStateSchema } from './alert-schema.ts';
import { eventTopics } from './event-schema.ts';
import { verdictSchema } from './traffic-schema.ts';

const durationHint = 'write a duration such as 30s, 5m, 2h or 7d';

const duration = z
  .string()
  .regex(durationPattern, { error: durationHint, abort: true })
  .transform((text, context) => {
    const ms = parseDuration(text);
    if (ms !== undefined) return ms;
    context.addIssue({ code: 'custom', message: durationHint });
    return z.NEVER;
  });
const time = z.iso.datetime({ offset: true, error: 'write a time in RFC 3339' }).transform((text) => Date.parse(text));
const flag = z.enum(['true', 'false'], { error: 'write true or false' }).transform((word) => word === 'true');
const name = z.string().min(1, { error: 'is empty' });
const wholeNumber = (min: number, max: number) =>
  z.coerce.number({ error: 'is no number' }).int({ error: 'is no whole number' }).min(min).max(max);

const since = duration.exactOptional().describe('how far back, for example 5m');
const stretch = {
  since,
  from: time.exactOptional().describe('instead of since: RFC 3339'),
  to: time.exactOptional().describe('now if absent: RFC 3339'),
  namespace: name.exactOptional().describe('of the source'),
};

export const flowsQuery = z.strictObject({
  ...stretch,
  workload: name.exactOptional().describe('the source'),
  open: flag.exactOptional().describe('only flows with connections that are open now'),
  external: flag.exactOptional().describe('only what leaves the mesh, or was to'),
});

export const graphQuery = z.strictObject(stretch);

const decisionFilter = {
  namespace: name.exactOptional().describe('of the source'),
  workload: name.exactOptional().describe('the source'),
  host: name.exactOptional().describe('that was asked for'),
  verdict: verdictSchema.exactOptional(),
};

const afterId = wholeNumber(0, Number.MAX_SAFE_INTEGER)
  .exactOptional()
  .describe('only decisions with a greater id; the same as Last-Event-ID');

export const decisionsQuery = z.strictObject({
  since,
  afterId,
  ...decisionFilter,
  limit: wholeNumber(1, 10_000)
    .default(1000)
    .describe('the newest so many, oldest first; with afterId the oldest so many'),
  format: z.enum(['json', 'jsonl']).default('json').describe('jsonl: one decision a line, for a SIEM'),
  follow: flag.default(false).describe('with jsonl: goes on as decisions come'),
});

export const eventsQuery = z.strictObject({
  topics: z
    .string()
    .default(eventTopics.join(','))
    .describe(`comma separated, of ${eventTopics.join(', ')}; all if absent`)
    .transform((text, context) => {
      const words = new Set(text.split(','));
      const chosen = eventTopics.filter((topic) => words.delete(topic));
      if (words.size === 0 && chosen.length > 0) return chosen;
      context.addIssue({ code: 'custom', message: `write some of ${eventTopics.join(', ')}` });
      return z.NEVER;
    }),
  afterId: afterId.describe('of decisions: begin behind this one; with what comes if absent'),
  ...decisionFilter,
});

const label = /^[^=,\s]+=[^,]*$/;
const labelList = z.string().transform((text, context) => {
  const pairs = text.split(',').map((pair) => pair.trim());
  if (pairs.every((pair) => label.test(pair))) {
    return Object.fromEntries(
      pairs.map((pair) => [pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1)]),
    );
  }
  context.addIssue({ code: 'custom', message: 'write app=web,version=v1' });
  return z.NEVER;
});
const headerLines = z.string().transform((text, context) => {
  const lines = text.split('\n').map((line) => /^([^:\s]+):\s*(.*)$/.exec(line.trim()));
  const pairs = lines.flatMap((line): [string, string][] => (line === null ? [] : [[line[1] ?? '', line[2] ?? '']]));
  if (pairs.length === lines.length) return pairs;
  context.addIssue({ code: 'custom', message: 'write a line `name: value` for each header' });
  return z.NEVER;
});

export const checkQuery = z.strictObject({
  url: name.describe('http://, https://, grpc://, tls://, tcp://host:port, or host:port'),
  namespace: name.exactOptional().describe('of the workload; default if absent'),
  workload: name.exactOptional().describe('or a pod of it, that runs'),
  serviceAccount: name.exactOptional().describe('instead of workload: of one that does not run; default if absent'),
  labels: labelList.exactOptional().describe('and its labels: app=web,version=v1'),
  method: name.exactOptional().describe('of the request; GET if absent'),
  headers: headerLines.exactOptional().describe('all that the request has, a line `name: value` for each'),
});

export const alertsQuery = z.strictObject({
  since: duration.exactOptional().describe('those of which something was seen since then; all if absent'),
  namespace: name.exactOptional().describe('of the source'),
  workload: name.exactOptional().describe('the source'),
  kind: alertKindSchema.exactOptional(),
  state: alertStateSchema.exactOptional(),
});

export const testsQuery = z.strictObject({ namespace: name.exactOptional().describe('of the tests') });

export const upkeepQuery = z.strictObject({
  unused: duration
    .default(30 * 24 * 60 * 60_000)
    .describe(
      'hosts that nobody called for so long are unused; 30d if absent, which is about as long as flows are kept',
    ),
  namespace: name.exactOptional().describe('of objects and workloads'),
});

export const suggestionsQuery = z.strictObject({
  since: since.describe('how far back; all that is on record if absent'),
  namespace: name.exactOptional().describe('of those who called; all if absent'),
  as: z.enum(['serviceentries', 'egresspolicy']).default('serviceentries').describe('for namespaces, or for workloads'),
  blocked: flag.default(false).describe('what was stopped too'),
  host: name
    .transform((text) => text.split(','))
    .exactOptional()
    .describe('only these, comma separated, whether they passed or were stopped'),
  wildcards: flag.default(false).describe('joins three hosts of one domain and more'),
  expires: duration.exactOptional().describe('how long what is suggested is to be good, for example 2h'),
});

const objectQuery = {
  namespace: z.string().exactOptional().describe('all if absent; of one object: default if absent'),
  defaults: z.enum(['true', 'false']).exactOptional().describe('with defaults filled in'),
  view: z.enum(['objects', 'table']).exactOptional().describe('rows of a table instead of objects'),
};

const labelSelector = z.string().exactOptional().describe("as kubectl's -l");

export const oneObjectQuery = z.strictObject({
  ...objectQuery,
  expand: z.enum(['true', 'false']).exactOptional().describe('of an EgressPolicy: with the objects that it stands for'),
});

export const collectionQuery = z.strictObject({ ...objectQuery, labelSelector });

export const watchQuery = z.strictObject({
  ...objectQuery,
  labelSelector,
  resourceVersion: z.string().exactOptional().describe('go on behind this one; the same as Last-Event-ID'),
});

export const namespaceQuery = z.strictObject({
  namespace: z.string().exactOptional().describe('default if absent'),
});

export const podsQuery = z.strictObject({
  namespace: z.string().exactOptional().describe('all if absent'),
  labelSelector,
});
