// What changes, as it changes, for dashboard and command line: one stream of server-sent events with the topics asked for.
import { Hono } from 'hono';
import { badRequest } from '../api-error.ts';
import type { ServerDeps } from '../deps.ts';
import { alertTopic } from '../events/alert-topic.ts';
import { changedTopic } from '../events/changed-topic.ts';
import type { DecisionFilter } from '../events/decision-cursor.ts';
import { decisionTopic } from '../events/decision-topic.ts';
import { eventStream, eventStreamType } from '../events/event-stream.ts';
import { objectTopic } from '../events/object-topic.ts';
import { proxyTopic } from '../events/proxy-topic.ts';
import type { StreamLimit } from '../events/stream-limit.ts';
import type { OpenTopic } from '../events/topic.ts';
import type { OpenStream } from '../open-stream.ts';
import { readQuery } from '../read-query.ts';
import { eventsQuery } from '../schemas/query-schema.ts';
import type { EventTopic } from '../wire.ts';

export function eventRoutes(
  deps: ServerDeps,
  openStream: OpenStream,
  { countDropped }: Pick<StreamLimit, 'countDropped'>,
): Hono {
  const { traffic } = deps;

  const openers: Readonly<Record<EventTopic, (filter: DecisionFilter, afterId: number) => OpenTopic>> = {
    decisions: (filter, afterId) => decisionTopic(traffic, filter, afterId, countDropped),
    flows: () =>
      changedTopic('flows', (changed) =>
        traffic.subscribe(({ flows }) => {
          if (flows) changed();
        }),
      ),
    alerts: () => alertTopic(traffic),
    proxies: () => proxyTopic(deps),
    objects: () => objectTopic(deps.store, countDropped),
    diagnostics: () => changedTopic('diagnostics', deps.onDiagnosticsChange),
  };

  return new Hono().get('/events', (context) => {
    const { topics, afterId, ...filter } = readQuery(context, eventsQuery);
    // A browser comes back to the address it had, with where it was.
    const from = lastEventId(context.req.header('Last-Event-ID')) ?? afterId ?? traffic.lastDecisionId();
    const open = topics.map((topic) => openers[topic](filter, from));
    return openStream(context, { contentType: eventStreamType, pieces: (gone) => eventStream(open, gone) });
  });
}

/** Throws SallyportError `SP_BAD_REQUEST` (400) for what is no id of ours. */
function lastEventId(header: string | undefined): number | undefined {
  if (header === undefined || header === '') return undefined;
  if (!/^\d{1,15}$/.test(header)) throw badRequest(`Last-Event-ID '${header.slice(0, 40)}' is no id of this stream`);
  return Number(header);
}
