// What was stopped or left unregistered, one record each: as a document, or as JSON lines, which a SIEM can follow.
import { Hono } from 'hono';
import { badRequest } from '../api-error.ts';
import { decisionBody } from '../decision-body.ts';
import type { ServerDeps } from '../deps.ts';
import { createAlarm } from '../events/alarm.ts';
import { type DecisionFilter, decisionCursor } from '../events/decision-cursor.ts';
import type { OpenStream } from '../open-stream.ts';
import { readQuery } from '../read-query.ts';
import { decisionsQuery } from '../schemas/query-schema.ts';
import type { DecisionsBody } from '../wire.ts';

const linesType = 'application/x-ndjson; charset=utf-8';

/** No line comes when nothing happens, since readers of lines may not know empty ones. */
const restMs = 60_000;

export function decisionRoutes({ traffic }: Pick<ServerDeps, 'traffic'>, openStream: OpenStream): Hono {
  return new Hono().get('/decisions', (context) => {
    const { since, format, follow, ...query } = readQuery(context, decisionsQuery);
    if (follow && format !== 'jsonl') throw badRequest('only format=jsonl can be followed');
    const lastId = traffic.lastDecisionId();
    const begin = since === undefined ? {} : { since: Date.now() - since };
    const found = traffic.decisions({ ...query, ...begin }).map(decisionBody);
    if (format === 'json') return context.json({ decisions: found, lastId } satisfies DecisionsBody);
    const lines = found.map(lineOf).join('');
    if (!follow) return context.body(lines, 200, { 'Content-Type': linesType });
    const { afterId, limit, ...filter } = query;
    // Behind an id the oldest are told: there may be more between them and the newest.
    const told = afterId !== undefined && found.length === limit ? found.at(-1)?.id : undefined;
    const pieces = (gone: AbortSignal) => goingOn(lines, filter, told ?? lastId, gone);
    return openStream(context, { contentType: linesType, pieces });
  });

  async function* goingOn(
    lines: string,
    filter: DecisionFilter,
    afterId: number,
    gone: AbortSignal,
  ): AsyncGenerator<string, void, undefined> {
    const alarm = createAlarm(gone);
    const unsubscribe = traffic.subscribe(alarm.ring);
    try {
      if (lines !== '') yield lines;
      const next = decisionCursor(traffic, filter, afterId);
      while (!gone.aborted) {
        for (let part = next(); part !== undefined; part = next()) {
          if (part.decisions.length > 0) yield part.decisions.map(decisionBody).map(lineOf).join('');
        }
        await alarm.rung(restMs);
      }
    } finally {
      unsubscribe();
    }
  }
}

function lineOf(decision: DecisionsBody['decisions'][number]): string {
  return `${JSON.stringify(decision)}\n`;
}
