// Routes about the mesh as a whole: whether it is there, what it is, what is wrong with it, and its metrics.
import { Hono } from 'hono';
import type { ServerDeps } from '../deps.ts';
import { processMetrics } from '../process-metrics.ts';
import type { DiagnosticsBody, InfoBody } from '../wire.ts';

export function statusRoutes(deps: ServerDeps): Hono {
  let ready = false;
  deps.ready.then(
    () => {
      ready = true;
    },
    () => undefined, // whoever made the promise reports its failure; here the mesh just never is ready
  );
  return new Hono()
    .get('/healthz', (context) => context.text('ok\n'))
    .get('/metrics', (context) =>
      context.body(processMetrics(deps), 200, { 'Content-Type': 'text/plain; version=0.0.4; charset=utf-8' }),
    )
    .get('/v1/info', (context) => context.json({ ...deps.info, ready } satisfies InfoBody))
    .get('/v1/diagnostics', (context) => context.json({ diagnostics: deps.diagnostics() } satisfies DiagnosticsBody));
}
