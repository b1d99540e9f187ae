// Questions about all that was seen: what a change would do to it, and what of the configuration nobody uses. Nothing is changed.
import { Hono } from 'hono';
import { keyOf } from '../../api/object.ts';
import { badRequest } from '../api-error.ts';
import { decodeObjects } from '../decode-objects.ts';
import type { ServerDeps } from '../deps.ts';
import { parseDuration } from '../duration.ts';
import { readBody } from '../json-body.ts';
import { readQuery } from '../read-query.ts';
import { dryRunAskSchema } from '../schemas/foresight-schema.ts';
import { upkeepQuery } from '../schemas/query-schema.ts';
import type { DryRunBody, UpkeepBody } from '../wire.ts';

const policies = { allowed: 'ALLOW_ANY', restricted: 'REGISTRY_ONLY' } as const;

export function foresightRoutes({ dryRun, upkeep }: Pick<ServerDeps, 'dryRun' | 'upkeep'>): Hono {
  return new Hono()
    .post('/dry-run', async (context) => {
      const asked = await readBody(context, dryRunAskSchema);
      const { policy, objects: values = [], delete: removing = false, since, namespace } = asked;
      const { objects, diagnostics } = decodeObjects(values);
      const change = {
        apply: removing ? [] : objects,
        remove: removing ? objects.map(keyOf) : [],
        ...(policy === undefined ? {} : { outboundTrafficPolicy: policies[policy] }),
      };
      const length = since === undefined ? Number.POSITIVE_INFINITY : parseDuration(since);
      if (length === undefined) throw badRequest('since is no duration', 'write for example 1h or 7d');
      const begin = Math.max(0, Date.now() - length);
      const seen = { since: begin, ...(namespace === undefined ? {} : { namespace }) };
      const told = await dryRun(change, seen, context.req.raw.signal);
      return context.json({ ...told, diagnostics } satisfies DryRunBody);
    })
    .get('/upkeep', async (context) => {
      const { unused, namespace } = readQuery(context, upkeepQuery);
      const asked = { unusedSince: Date.now() - unused, ...(namespace === undefined ? {} : { namespace }) };
      return context.json((await upkeep(asked, context.req.raw.signal)) satisfies UpkeepBody);
    });
}
