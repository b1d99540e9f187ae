// What a Sidecar changes of the views of its namespace, and what it costs: all of the mesh imported is no Sidecar, byte for
// byte; what is not imported costs nothing when it changes; other namespaces hear nothing of it, and share what they can.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type ProxyIdentity, typeUrls, type View } from '../discovery/view.ts';
import { emptyMesh, type Mesh, type MeshChange, updateMesh } from '../mesh/mesh.ts';
import type { Service } from '../mesh/service.ts';
import type { Sidecar } from '../mesh/sidecar.ts';
import { meshContents, trafficPolicy } from './testing/arbitrary-mesh.ts';
import { meshOf } from './testing/mesh-changes.ts';
import { createViews } from './views.ts';

function proxy(namespace: string, labels: ProxyIdentity['labels'] = {}): ProxyIdentity {
  const named = { name: 'p', workload: 'p', serviceAccount: 'default', nodeId: 'p' };
  return { ...named, namespace, labels, type: 'sidecar' };
}

function sidecar(more: Partial<Sidecar> = {}): Sidecar {
  const origin = { namespace: 'default', name: 'one', createdAt: '' };
  return { ...origin, workloadSelector: undefined, egress: [], outboundTrafficPolicy: undefined, ...more };
}

function importing(...texts: readonly string[]): Sidecar['egress'] {
  const hosts = texts.map((text) => {
    const [namespace = '', host = ''] = text.split('/');
    return { namespace, host, excluded: false };
  });
  return [{ port: undefined, hosts }];
}

function service(host: string, namespace = 'default'): Service {
  const ports = [80, 443].map((number) => ({
    number,
    name: `p${number}`,
    protocol: number === 80 ? ('HTTP' as const) : ('TLS' as const),
  }));
  return {
    namespace,
    name: host,
    createdAt: '',
    host,
    aliases: [],
    localAliases: [],
    source: 'ServiceEntry',
    visibility: { public: true },
    resolution: 'DNS',
    external: true,
    addresses: [],
    ports,
    endpoints: [{ address: host, ports: new Map(), labels: {} }],
    subjectAltNames: [],
    trustOriginalDestination: false,
    raceFirstConnect: false,
  };
}

function followed(...changes: readonly MeshChange[]) {
  let mesh: Mesh = emptyMesh;
  const views = createViews();
  const apply = (change: MeshChange) => {
    const next = updateMesh(mesh, change);
    mesh = next.mesh;
    views.update(mesh, next.delta);
  };
  for (const change of changes) apply(change);
  return { views, apply };
}

const adding = <T>(...objects: readonly T[]) => [{ before: [], after: objects }];

function resourcesOf(view: View) {
  return Object.values(typeUrls).flatMap((type) => [...view.resources(type).values()]);
}

function versions(mesh: Mesh): readonly string[] {
  const views = createViews();
  views.update(mesh, updateMesh(mesh, {}).delta);
  return resourcesOf(views.viewFor(proxy('default')))
    .map(({ name, version }) => `${name} ${version}`)
    .sort();
}

test('a Sidecar that imports everything is no Sidecar, byte for byte', () => {
  const whole: readonly Sidecar[] = [
    sidecar(),
    sidecar({ egress: importing('*/*') }),
    sidecar({ egress: [...importing('*/*'), { port: 80, hosts: importing('*/*')[0]?.hosts ?? [] }] }),
  ];
  fc.assert(
    fc.property(meshContents, trafficPolicy, (contents, mode) => {
      const without = meshOf({ ...contents, sidecars: [] }, mode);
      for (const one of whole) {
        const { mesh } = updateMesh(without, { sidecars: adding(one) });
        assert.deepEqual(versions(mesh), versions(without));
      }
    }),
    { seed: 20_260_101, numRuns: 100 },
  );
});

test('what a Sidecar does not import costs its proxies nothing, and others what it always does', () => {
  const { views, apply } = followed({
    sidecars: adding(sidecar({ egress: importing('./a.test') })),
    services: adding(service('a.test'), service('b.test')),
  });
  const [scoped, other] = [views.viewFor(proxy('default')), views.viewFor(proxy('other'))];
  const [generation, before] = [scoped.generation, other.generation];
  apply({ services: adding(service('c.test'), service('d.test', 'other')) });
  assert.equal(scoped.generation, generation);
  assert.equal(other.generation, before + 1);
  assert.equal(scoped.resources(typeUrls.cluster).has('outbound|80||c.test'), false);
});

test('a Sidecar changes the views that it is for, and no others; clusters stay the same bytes', () => {
  const chosen = sidecar({
    workloadSelector: new Map([['app', 'web']]),
    outboundTrafficPolicy: { mode: 'REGISTRY_ONLY', egressProxy: undefined },
  });
  const { views, apply } = followed({
    sidecars: adding(chosen),
    services: adding(service('a.test'), service('b.test')),
  });
  const [web, plain, other] = [
    views.viewFor(proxy('default', { app: 'web' })),
    views.viewFor(proxy('default')),
    views.viewFor(proxy('other')),
  ];
  assert.notEqual(web, plain);
  const generations = [web, plain, other].map(({ generation }) => generation);
  const narrower = { ...chosen, egress: importing('./a.test') };
  apply({ sidecars: [{ before: [chosen], after: [narrower] }] });
  assert.deepEqual(
    [web, plain, other].map(({ generation }, index) => generation - (generations[index] ?? 0)),
    [1, 0, 0],
  );
  const clusterOf = (view: typeof web) => view.resources(typeUrls.cluster).get('outbound|80||a.test')?.bytes;
  assert.equal(clusterOf(web), clusterOf(plain));
  assert.equal(clusterOf(plain), clusterOf(other));
  assert.equal(web.resources(typeUrls.cluster).has('outbound|80||b.test'), false);
  assert.equal(web.resources(typeUrls.virtualHost).has('80/b.test'), false);
  assert.equal(web.resources(typeUrls.virtualHost).has('80/a.test'), true);
});

test('what a Sidecar’s policy is in is told to be of it', () => {
  const closed = { mode: 'REGISTRY_ONLY', egressProxy: undefined } as const;
  const { views } = followed({ sidecars: adding(sidecar({ outboundTrafficPolicy: closed })) });
  const view = views.viewFor(proxy('default'));
  const owners = (type: (typeof typeUrls)['listener' | 'route'], name: string) =>
    view.resources(type).get(name)?.origins;
  assert.deepEqual(owners(typeUrls.listener, 'virtualOutbound'), ['Sidecar/default/one']);
  assert.deepEqual(owners(typeUrls.route, '80'), ['Sidecar/default/one']);
});

test('a Service keeps its inbound port, whatever its own namespace imports', () => {
  const own: Service = {
    ...service('web.default.svc.cluster.local'),
    source: 'Service',
    resolution: 'CLUSTER_IP',
    external: false,
    workloads: new Map([['app', 'web']]),
    ports: [{ number: 8080, name: 'http', protocol: 'HTTP' }],
    endpoints: [{ address: '10.0.0.1', ports: new Map(), labels: {} }],
  };
  const { views } = followed({
    sidecars: adding(sidecar({ egress: importing('other/*') })),
    services: adding(own),
  });
  const clusters = views.viewFor(proxy('default')).resources(typeUrls.cluster);
  assert.equal(clusters.has('inbound|8080||'), true);
  assert.equal(clusters.has('outbound|8080||web.default.svc.cluster.local'), false);
});
