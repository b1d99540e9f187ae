// Would this leave? Only told, nothing is sent.
import { Hono } from 'hono';
import type { z } from 'zod';
import type { CheckAnswer, Who } from '../../check/check.ts';
import { parseTarget } from '../../check/target.ts';
import type { Attempt } from '../../verdict/attempt.ts';
import { badRequest } from '../api-error.ts';
import type { ServerDeps } from '../deps.ts';
import { readQuery } from '../read-query.ts';
import { checkQuery } from '../schemas/query-schema.ts';
import type { CheckBody } from '../wire.ts';

type Asked = z.infer<typeof checkQuery>;

export function checkRoutes({ check }: Pick<ServerDeps, 'check'>): Hono {
  return new Hono().get('/check', async (context) => {
    const asked = readQuery(context, checkQuery);
    const { url, method, headers = [] } = asked;
    const attempt = parseTarget(url, { headers, ...(method === undefined ? {} : { method }) });
    return context.json(bodyOf(await check(whoOf(asked), attempt, context.req.raw.signal), attempt));
  });
}

function whoOf({ namespace = 'default', workload, serviceAccount, labels }: Asked): Who {
  if (workload === undefined) return { namespace, serviceAccount: serviceAccount ?? 'default', labels: labels ?? {} };
  if (serviceAccount === undefined && labels === undefined) return { namespace, workload };
  throw badRequest('workload names one that runs; serviceAccount and labels say what another would be');
}

function bodyOf({ caller, verdict, change }: CheckAnswer, attempt: Attempt): CheckBody {
  const { namespace, workload, serviceAccount } = caller;
  const { protocol, host, port, method, path } = attempt;
  return {
    answer: verdict.answer,
    source: { namespace, workload, serviceAccount },
    attempt: {
      protocol,
      host,
      port,
      ...(method === undefined ? {} : { method }),
      ...(path === undefined ? {} : { path }),
    },
    ways: verdict.ways,
    ...(change === undefined ? {} : { change: { summary: change.summary, objects: change.objects } }),
  };
}
