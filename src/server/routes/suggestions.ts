// What would have to be registered, so that what was seen goes on when nothing else may leave.
import { Hono } from 'hono';
import { normalizeHost } from '../../api/host-name.ts';
import { badRequest } from '../api-error.ts';
import type { ServerDeps } from '../deps.ts';
import { readQuery } from '../read-query.ts';
import { suggestionsQuery } from '../schemas/query-schema.ts';
import type { SuggestionsBody } from '../wire.ts';

export function suggestionRoutes({ suggestions }: Pick<ServerDeps, 'suggestions'>): Hono {
  return new Hono().get('/suggestions', async (context) => {
    const { since, expires, host, namespace, ...asked } = readQuery(context, suggestionsQuery);
    const now = Date.now();
    const query = {
      ...asked,
      since: since === undefined ? 0 : Math.max(0, now - since),
      hosts: (host ?? []).map(normalized),
      ...(namespace === undefined ? {} : { namespace }),
      ...(expires === undefined ? {} : { expires: wholeSeconds(now + expires) }),
    };
    return context.json((await suggestions(query, context.req.raw.signal)) satisfies SuggestionsBody);
  });
}

function normalized(text: string): string {
  const host = normalizeHost(text);
  if (host === undefined) throw badRequest(`'${text}' is no host`, 'write a name or an address, without a port');
  return host;
}

function wholeSeconds(ms: number): string {
  return new Date(ms).toISOString().replace(/\.\d+/, '');
}
