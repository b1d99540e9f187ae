// Routes about the mesh as a whole: whether it is there, what it is, what is wrong with it, and its metrics.
import { Hono } from 'hono';
import { exposeSeries } from '../../telemetry/metrics/exposition.ts';
import type { ServerDeps } from '../deps.ts';
import type { StreamLimit } from '../events/stream-limit.ts';
import { processMetrics } from '../process-metrics.ts';
import { streamedResponse } from '../streamed-response.ts';
import type { DiagnosticsBody, InfoBody } from '../wire.ts';

export function statusRoutes(deps: ServerDeps, streams: StreamLimit): Hono {
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
      streamedResponse(context, {
        contentType: 'text/plain; version=0.0.4; charset=utf-8',
        log: deps.log,
        // The mesh's may be hundreds of megabytes.
        async *pieces() {
          yield processMetrics(deps, streams);
          yield* exposeSeries(deps.traffic.series(), deps.metricRules());
        },
      }),
    )
    .get('/v1/info', (context) => context.json({ ...deps.info, ready } satisfies InfoBody))
    .get('/v1/diagnostics', async (context) =>
      context.json({ diagnostics: await deps.diagnostics() } satisfies DiagnosticsBody),
    );
}
