// What EgressTests expect, held against the mesh: as it is, or as it would be with the objects of the body. Nothing is changed.
import { Hono } from 'hono';
import { decodeObjects } from '../decode-objects.ts';
import type { ServerDeps } from '../deps.ts';
import { readBody } from '../json-body.ts';
import { readQuery } from '../read-query.ts';
import { testsAskSchema } from '../schemas/policy-test-schema.ts';
import { testsQuery } from '../schemas/query-schema.ts';
import type { TestsBody } from '../wire.ts';

export function policyTestRoutes({ policyTests }: Pick<ServerDeps, 'policyTests'>): Hono {
  return new Hono()
    .get('/tests', async (context) => {
      const asked = { given: [], ...readQuery(context, testsQuery) };
      const run = await policyTests(asked, context.req.raw.signal);
      return context.json({ ...run, diagnostics: [] } satisfies TestsBody);
    })
    .post('/tests', async (context) => {
      const { objects: values, ...rest } = await readBody(context, testsAskSchema);
      const { objects, diagnostics } = decodeObjects(values);
      const run = await policyTests({ given: objects, ...rest }, context.req.raw.signal);
      return context.json({ ...run, diagnostics } satisfies TestsBody);
    });
}
