// What a change is said to do to flows on record, in worlds made of objects.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { keyOf } from '../api/object.ts';
import { runningPod, storedObjects } from '../verdict/testing/mesh-objects.ts';
import type { Change } from './change.ts';
import { effectLines, seenFlow, tried } from './testing/tried.ts';

const mesh = (mode: 'ALLOW_ANY' | 'REGISTRY_ONLY') => `
apiVersion: istio.banzaicloud.io/v1beta1
kind: Istio
metadata: { name: mesh, namespace: istio-system }
spec: { version: 1.4.9, outboundTrafficPolicy: { mode: ${mode} } }
---
`;

const entry = (name: string, host: string, rest = 'ports: [{ number: 80, name: http, protocol: HTTP }]') => `
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: { name: ${name}, namespace: default }
spec: { hosts: ["${host}"], resolution: DNS, ${rest} }
---
`;

const policy = (name: string, spec: string) => `
apiVersion: egress.sallyport.dev/v1alpha1
kind: EgressPolicy
metadata: { name: ${name}, namespace: default }
spec: { ${spec} }
---
`;

const restricted: Partial<Change> = { outboundTrafficPolicy: 'REGISTRY_ONLY' };
const applied = (manifests: string) => ({ apply: storedObjects(manifests) });
const web = runningPod('web');
const tls = 'ports: [{ number: 443, name: tls, protocol: TLS }]';

for (const capture of ['redirect', 'proxy'] as const) {
  test(`restricted breaks what nobody registered, and nothing else, with ${capture} capture`, () => {
    const objects = storedObjects(mesh('ALLOW_ANY') + web + entry('a', 'a.test') + entry('t', 't.test', tls));
    const seen = [
      seenFlow('http://a.test:80'),
      seenFlow('http://b.test:80'),
      seenFlow('tls://t.test:443'),
      seenFlow('tls://u.test:443'),
      seenFlow('tcp://192.0.2.9:7000'),
    ];
    const told = tried(objects, restricted, seen, capture);
    assert.deepEqual(effectLines(told).toSorted(), [
      'breaks default/web http://b.test:80 Istio/istio-system/mesh',
      'breaks default/web tcp://192.0.2.9:7000 Istio/istio-system/mesh',
      'breaks default/web tls://u.test:443 Istio/istio-system/mesh',
    ]);
    assert.deepEqual(told.summary.breaks, { calls: 3, workloads: 1, hosts: 3 });
    const [first] = told.effects;
    assert.equal(first?.present.leaves, true);
    assert.equal(first.changed.leaves, false);
    const http = told.effects.find(({ protocol }) => protocol === 'http');
    assert.equal(http?.changed.sees, 502);
    assert.match(http.changed.reason ?? '', /b\.test/);
  });
}

test('what the present mesh stops already does not break, and opens where the changed one lets it', () => {
  const objects = storedObjects(mesh('REGISTRY_ONLY') + web);
  const seen = [seenFlow('http://a.test:80'), seenFlow('http://b.test:80')];
  assert.deepEqual(effectLines(tried(objects, restricted, seen)), []);
  assert.deepEqual(effectLines(tried(objects, applied(entry('a', 'a.test')), seen)), [
    'opens default/web http://a.test:80 ServiceEntry/default/a',
  ]);
  assert.equal(tried(objects, { outboundTrafficPolicy: 'ALLOW_ANY' }, seen).summary.opens.hosts, 2);
});

test('an entry that is deleted breaks what it let out; both at once are one change', () => {
  const [settings, pod, one] = storedObjects(mesh('ALLOW_ANY') + web + entry('a', 'a.test'));
  assert.ok(settings && pod && one);
  const seen = [seenFlow('http://a.test:80')];
  assert.deepEqual(effectLines(tried([settings, pod, one], { remove: [keyOf(one)] }, seen)), []);
  assert.deepEqual(effectLines(tried([settings, pod, one], { remove: [keyOf(one)], ...restricted }, seen)), [
    'breaks default/web http://a.test:80 Istio/istio-system/mesh',
  ]);
});

test('what limits methods may break, with its condition; wider limits may open', () => {
  const limited = (methods: string) => policy('a', `hosts: [a.test], methods: [${methods}]`);
  const open = storedObjects(mesh('REGISTRY_ONLY') + web + entry('a', 'a.test'));
  const seen = [seenFlow('http://a.test:80')];
  const [line = ''] = effectLines(tried(open, applied(limited('GET')), seen));
  assert.match(line, /^may-break default\/web http:\/\/a\.test:80 EgressPolicy\/default\/a if .*GET/);
  const closed = storedObjects(mesh('REGISTRY_ONLY') + web);
  assert.match(effectLines(tried(closed, applied(limited('GET')), seen))[0] ?? '', /^may-open .* if .*GET/);
  const now = storedObjects(mesh('REGISTRY_ONLY') + web + limited('GET'));
  assert.deepEqual(effectLines(tried(now, applied(limited('GET')), seen)), []);
  // Which of two conditions is the wider is not known: the worse is told.
  assert.match(effectLines(tried(now, applied(limited('POST')), seen))[0] ?? '', /^may-break/);
  assert.match(effectLines(tried(now, { remove: now.slice(-1).map(keyOf) }, seen))[0] ?? '', /^may-break/);
});

test('a policy with a gateway moves what left at once', () => {
  const gateway = `
apiVersion: istio.banzaicloud.io/v1beta1
kind: MeshGateway
metadata: { name: egress, namespace: default }
spec: { type: egress, serviceType: ClusterIP, ports: [{ name: tls, port: 443, targetPort: 8443, protocol: TCP }] }
---
`;
  const objects = storedObjects(mesh('REGISTRY_ONLY') + web + entry('t', 't.test', tls));
  const change = applied(gateway + policy('t', 'hosts: [t.test], ports: [{ number: 443 }], gateway: egress'));
  const told = tried(objects, change, [seenFlow('tls://t.test:443')]);
  assert.deepEqual(
    told.effects.map(({ consequence, present, changed }) => [consequence, present.via, changed.via]),
    [['moves', [], ['default/egress']]],
  );
});

test('a flow is told once: sums, the last sight, and as what it was seen last', () => {
  const objects = storedObjects(mesh('ALLOW_ANY') + web);
  const later = '2026-01-31T11:30:00.000Z';
  const seen = [
    seenFlow('http://a.test:80', { requests: 5 }),
    seenFlow('http://a.test:80', {
      requests: 7,
      lastSeen: later,
      destination: { kind: 'external', host: 'a.test', port: 80, serviceEntry: 'default/gone' },
    }),
    seenFlow('http://b.test:80', { requests: 100 }),
  ];
  const told = tried(objects, restricted, seen);
  assert.equal(told.judged, 3);
  assert.deepEqual(told.summary.breaks, { calls: 2, workloads: 1, hosts: 2 });
  const [most, second] = told.effects;
  assert.deepEqual([most?.destination.host, most?.requests], ['b.test', 100]);
  assert.deepEqual([second?.requests, second?.lastSeen], [12, later]);
  assert.deepEqual(second?.destination, seen[1]?.destination);
});

test('of many effects those of most traffic are told, and all are counted', () => {
  const objects = storedObjects(mesh('ALLOW_ANY') + web);
  const seen = Array.from({ length: 1200 }, (_, index) =>
    seenFlow(`http://h${index}.test:80`, { requests: index + 1 }),
  );
  const { effects, summary } = tried(objects, restricted, seen);
  assert.equal(effects.length, 1000);
  assert.equal(effects.at(-1)?.requests, 201);
  assert.deepEqual(summary.breaks, { calls: 1200, workloads: 1, hosts: 1200 });
});

test('not judged, and counted: workloads that are gone, hosts that were not told apart, what came in by a gateway', () => {
  const objects = storedObjects(mesh('ALLOW_ANY') + web);
  const told = tried(objects, restricted, [
    seenFlow('http://a.test:80', { source: { namespace: 'default', workload: 'gone' } }),
    seenFlow('http://other:80'),
    seenFlow('http://a.test:80', { by: 'gateway' }),
  ]);
  assert.deepEqual(told.notJudged, { gone: 1, other: 1, entering: 1 });
  assert.deepEqual([told.judged, told.effects], [0, []]);
});

test('a wildcard stands for a name that no other object speaks of', () => {
  const objects = storedObjects(
    mesh('REGISTRY_ONLY') + web + entry('all', '*.w.test').replace('DNS', 'DYNAMIC_DNS') + entry('any', 'any.w.test'),
  );
  const seen = [seenFlow('http://*.w.test:80')];
  const all = objects.filter(({ metadata }) => metadata.name === 'all').map(keyOf);
  assert.deepEqual(effectLines(tried(objects, { remove: all }, seen)), [
    'breaks default/web http://*.w.test:80 Istio/istio-system/mesh',
  ]);
});

test('a TCP host with an address of its own is tried at that, whichever the changed mesh gives it', () => {
  const tcp = 'ports: [{ number: 7000, name: tcp, protocol: TCP }]';
  const objects = storedObjects(mesh('REGISTRY_ONLY') + web + entry('d', 'd.test', tcp));
  const seen = [seenFlow('tcp://d.test:7000')];
  assert.deepEqual(effectLines(tried(objects, applied(entry('e', 'e.test', tcp)), seen)), []);
  assert.deepEqual(effectLines(tried(objects, { remove: objects.slice(-1).map(keyOf) }, seen)), [
    'breaks default/web tcp://d.test:7000 Istio/istio-system/mesh',
  ]);
});

test('pods of one workload that are not alike: what happens to some of them may happen, and they are named', () => {
  const only = policy('a', 'hosts: [a.test], from: [{ selector: { matchLabels: { version: v2 } } }]');
  const named = policy('a', 'hosts: [a.test], from: [{ selector: { matchLabels: { version: v1 } } }]');
  const pods = Object.entries({ 'web-1': 'v1', 'web-2': 'v1', 'web-3': 'v2' }).map(([name, version]) =>
    runningPod(name, { labels: { version } }),
  );
  const ownerReferences = [{ apiVersion: 'apps/v1', kind: 'Deployment', name: 'web', uid: '1', controller: true }];
  const objects = storedObjects(mesh('ALLOW_ANY') + pods.join('')).map((object) =>
    object.kind === 'Pod' ? { ...object, metadata: { ...object.metadata, ownerReferences } } : object,
  );
  const seen = [seenFlow('http://a.test:80')];
  assert.deepEqual(effectLines(tried(objects, applied(only), seen)), [
    'may-break default/web http://a.test:80 EgressPolicy/default/a if it is made by web-1 or web-2',
  ]);
  assert.deepEqual(effectLines(tried(objects, applied(named), seen)), [
    'may-break default/web http://a.test:80 EgressPolicy/default/a if it is made by web-3',
  ]);
  const allOfThem = policy('a', 'hosts: [a.test], from: [{ selector: { matchLabels: { version: v3 } } }]');
  assert.deepEqual(effectLines(tried(objects, applied(allOfThem), seen)), [
    'breaks default/web http://a.test:80 EgressPolicy/default/a',
  ]);
});

test('what a proxy refused may have been a CONNECT: on 443 it was, elsewhere what hangs on it is told', () => {
  const objects = storedObjects(mesh('REGISTRY_ONLY') + web);
  const refused = (url: string, host: string, port: number) =>
    seenFlow(url, { destination: { kind: 'blocked', host, port } });
  const hosts = ['t.test:443', 'h.test:8080', 's.test:8443', 'c.test:5432'];
  const seen = hosts.map((host) => refused(`http://${host}`, host.slice(0, 6), Number(host.slice(7))));
  const on = (number: number, protocol: string) => `ports: [{ number: ${number}, name: own, protocol: ${protocol} }]`;
  const change = applied(
    entry('t', 't.test', tls) +
      entry('h', 'h.test', on(8080, 'HTTP')) +
      entry('s', 's.test', on(8443, 'TLS')) +
      entry('c', 'c.test', on(5432, 'TCP')),
  );
  assert.deepEqual(effectLines(tried(objects, change, seen, 'proxy')).toSorted(), [
    'may-open default/web http://h.test:8080 ServiceEntry/default/h if it asks its proxy without CONNECT',
    'may-open default/web http://s.test:8443 ServiceEntry/default/s if it asks its proxy by CONNECT, and begins TLS',
    'opens default/web http://c.test:5432 ServiceEntry/default/c',
    'opens default/web http://t.test:443 ServiceEntry/default/t',
  ]);
});
