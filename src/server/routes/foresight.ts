// Questions about all that was seen: what a change would do to it, and what of the configuration nobody uses. Nothing is changed.
import { Hono } from 'hono';
import { decodeObject } from '../../api/decode.ts';
import { type KubeObject, keyOf } from '../../api/object.ts';
import { type Diagnostic, hasErrors } from '../../platform/diagnostic.ts';
import { badRequest } from '../api-error.ts';
import type { ServerDeps } from '../deps.ts';
import { parseDuration } from '../duration.ts';
import { readJson } from '../json-body.ts';
import { readQuery } from '../read-query.ts';
import { dryRunAskSchema } from '../schemas/foresight-schema.ts';
import { upkeepQuery } from '../schemas/query-schema.ts';
import type { DryRunBody, UpkeepBody } from '../wire.ts';

const policies = { allowed: 'ALLOW_ANY', restricted: 'REGISTRY_ONLY' } as const;

export function foresightRoutes({ dryRun, upkeep }: Pick<ServerDeps, 'dryRun' | 'upkeep'>): Hono {
  return new Hono()
    .post('/dry-run', async (context) => {
      const asked = dryRunAskSchema.safeParse(await readJson(context));
      if (!asked.success) throw badRequest(wrongBody(asked.error.issues[0]));
      const { policy, objects: values = [], delete: removing = false, since, namespace } = asked.data;
      const { objects, diagnostics } = decoded(values);
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

interface Decoded {
  readonly objects: readonly KubeObject[];
  readonly diagnostics: readonly Diagnostic[];
}

/** As `apply` would take them: the good ones, and what is wrong with the others. */
function decoded(values: readonly unknown[]): Decoded {
  const all = values.map((value) => decodeObject(value));
  const good = all.filter(({ object, diagnostics }) => object !== undefined && !hasErrors(diagnostics));
  const bad = all.filter((one) => !good.includes(one));
  return { objects: good.flatMap(({ object }) => object ?? []), diagnostics: bad.flatMap((one) => one.diagnostics) };
}

function wrongBody(issue: { readonly path: readonly PropertyKey[]; readonly message: string } | undefined): string {
  const place = issue?.path.map(String).join('.') ?? '';
  return `the body is wrong${place === '' ? '' : ` at ${place}`}: ${issue?.message ?? ''}`;
}
