// docs/grafana/egress.json as tests read it: its form, and its queries with their variables filled in.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';

const datasource = z.object({ type: z.literal('prometheus'), uid: z.string().regex(/^\$\{datasource\}$/) });

const dashboardSchema = z.object({
  title: z.string().min(1),
  uid: z.string().min(1).max(40),
  schemaVersion: z.int().min(36),
  templating: z.object({
    list: z.array(z.object({ name: z.string(), type: z.enum(['datasource', 'query']), query: z.unknown() })),
  }),
  panels: z.array(
    z.object({
      id: z.int().min(1),
      type: z.enum(['stat', 'timeseries', 'table']),
      title: z.string().min(1),
      description: z.string().min(1),
      datasource,
      gridPos: z.object({ x: z.int().min(0), y: z.int().min(0), w: z.int().min(1).max(24), h: z.int().min(1) }),
      targets: z.array(z.object({ refId: z.string(), expr: z.string().min(1), datasource })).min(1),
    }),
  ),
});

export function readDashboard() {
  const file = join(import.meta.dirname, '../../docs/grafana/egress.json');
  return dashboardSchema.parse(JSON.parse(readFileSync(file, 'utf8')));
}

/** As Grafana asks it for all namespaces and this stretch. */
export function filledIn(expr: string, stretch: string): string {
  const filled = expr
    .replaceAll('$namespace', '.+')
    .replaceAll('$__rate_interval', stretch)
    .replaceAll('$__range', stretch);
  if (filled.includes('$')) throw new Error(`a variable is not known: ${filled}`);
  return filled;
}
