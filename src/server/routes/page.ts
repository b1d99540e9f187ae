// The mesh's page and its style. It only reads, and the browser is told to run nothing. With it a browser gets the session
// that changes over TCP need.
import { Hono } from 'hono';
import { istioKind } from '../../api/kinds/istio.ts';
import { serviceEntryKind } from '../../api/kinds/service-entry.ts';
import type { KubeObject } from '../../api/object.ts';
import type { ServerDeps } from '../deps.ts';
import { type HostRow, type Overview, renderOverview, type WorkloadRow } from '../page/overview.ts';
import { pageStyle } from '../page/style.ts';
import type { Sessions } from '../session.ts';

const contentSecurityPolicy = "default-src 'none'; style-src 'self'; base-uri 'none'; frame-ancestors 'none'";

export function pageRoutes(deps: ServerDeps, sessions: Sessions | undefined): Hono {
  return new Hono()
    .get('/', async (context) => {
      context.header('Content-Security-Policy', contentSecurityPolicy);
      const session = sessions?.open(context);
      return context.html(renderOverview(await overviewOf(deps), session));
    })
    .get('/page.css', (context) => context.body(pageStyle, 200, { 'Content-Type': 'text/css; charset=utf-8' }));
}

async function overviewOf({ store, pods, info }: ServerDeps): Promise<Overview> {
  const { group, kind } = istioKind;
  const mesh = istioKind.schema.safeParse(await store.get({ group, kind, namespace: 'istio-system', name: 'mesh' }));
  const { items } = await store.list({ group: serviceEntryKind.group, kind: serviceEntryKind.kind });
  const workloads = (await pods()).map(
    ({ namespace, workload, app, proxy }): WorkloadRow => ({
      namespace,
      workload,
      state: app.reason ?? app.phase,
      sidecar: proxy.phase === 'Absent' ? 'none' : proxy.phase,
    }),
  );
  return {
    mode: mesh.success ? (mesh.data.spec.outboundTrafficPolicy?.mode ?? 'ALLOW_ANY') : 'ALLOW_ANY',
    capture: info.capture,
    version: info.version,
    workloads: workloads.sort((a, b) => compare(`${a.namespace}/${a.workload}`, `${b.namespace}/${b.workload}`)),
    hosts: items.flatMap(hostRows),
  };
}

function hostRows(object: KubeObject): readonly HostRow[] {
  const entry = serviceEntryKind.schema.safeParse(object);
  if (!entry.success) return [];
  const { metadata, spec } = entry.data;
  const ports = (spec.ports ?? []).map(({ number, protocol }) => `${number}/${protocol ?? 'auto'}`).join(', ');
  return spec.hosts.map((host) => ({ host, ports, entry: `${metadata.namespace}/${metadata.name}` }));
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
