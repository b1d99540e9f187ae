// Alerts: what there is, and that a person knows of one.
import { Hono } from 'hono';
import { alertBody } from '../alert-body.ts';
import { notFound } from '../api-error.ts';
import type { ServerDeps } from '../deps.ts';
import { readQuery } from '../read-query.ts';
import { alertsQuery } from '../schemas/query-schema.ts';
import type { AlertBody, AlertsBody } from '../wire.ts';

export function alertRoutes({ traffic, acknowledge }: Pick<ServerDeps, 'traffic' | 'acknowledge'>): Hono {
  return new Hono()
    .get('/alerts', (context) => {
      const { since, ...query } = readQuery(context, alertsQuery);
      const begin = since === undefined ? {} : { since: Date.now() - since };
      const alerts = traffic.alerts({ ...query, ...begin }).map(alertBody);
      return context.json({ alerts } satisfies AlertsBody);
    })
    .post('/alerts/:id/acknowledge', (context) => {
      const id = context.req.param('id');
      const alert = /^\d{1,15}$/.test(id) ? acknowledge(Number(id)) : undefined;
      if (alert === undefined) throw notFound(`alert ${id.slice(0, 40)}`, 'GET /v1/alerts lists them with their ids');
      return context.json(alertBody(alert) satisfies AlertBody);
    });
}
