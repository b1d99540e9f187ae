// What is behind services: workloads chosen by labels, addresses that somebody wrote, names that stand for others; and that
// a change touches just the services that it concerns.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { KubeObject } from '../api/object.ts';
import { createAllocatedAddresses } from './allocated-addresses.ts';
import type { Service } from './service.ts';
import { createServiceObjects } from './service-objects.ts';
import { isVisible } from './visibility.ts';

const networking = 'networking.istio.io/v1';

function object(apiVersion: string, kind: string, name: string, rest: object, metadata: object = {}): KubeObject {
  return { apiVersion, kind, metadata: { name, namespace: 'default', ...metadata }, ...rest };
}

function entry(name: string, spec: object, metadata: object = {}): KubeObject {
  const ports = [{ number: 80, name: 'http', protocol: 'HTTP', targetPort: 8080 }];
  return object(
    networking,
    'ServiceEntry',
    name,
    { spec: { hosts: [`${name}.example`], ports, resolution: 'STATIC', ...spec } },
    metadata,
  );
}

function pod(name: string, labels: Readonly<Record<string, string>>, ip: string, ready = true): KubeObject {
  const containers = [{ name: 'app', command: ['app'], ports: [{ name: 'web', containerPort: 9090 }] }];
  const status = { phase: 'Running', podIP: ip, containerStatuses: [{ name: 'app', ready }] };
  return object('v1', 'Pod', name, { spec: { containers }, status }, { labels });
}

const workload = (name: string, spec: object, metadata: object = {}) =>
  object(networking, 'WorkloadEntry', name, { spec }, metadata);
const service = (name: string, spec: object) => object('v1', 'Service', name, { spec });

/** Follows events, and knows what there is in the end. */
function follower(addresses = createAllocatedAddresses()) {
  const objects = createServiceObjects(addresses);
  let now = 0;
  const current = new Map<string, Service>();
  const take = (type: 'ADDED' | 'MODIFIED' | 'DELETED', ...of: readonly KubeObject[]): readonly string[] => {
    const changes = objects.take(
      of.map((one) => ({ type, object: one })),
      { peers: [], now },
    );
    for (const { before } of changes) for (const { host } of before) current.delete(host);
    for (const { after } of changes) for (const one of after) current.set(one.host, one);
    return changes.flatMap(({ before, after }) => [...new Set([...before, ...after].map(({ host }) => host))]).sort();
  };
  const endpointsOf = (host: string) =>
    current.get(host)?.endpoints.map(({ address, ports }) => [address, ...[...ports].flat()].join(' '));
  const pass = (to: number) => {
    now = to;
    return take('ADDED');
  };
  const { nextExpiry } = objects;
  return { take, pass, nextExpiry, endpointsOf, service: (host: string) => current.get(host), services: () => current };
}

const selecting = { workloadSelector: { labels: { app: 'db' } } };

test('a selector takes pods and WorkloadEntries of its namespace, as they come and go', () => {
  const { take, endpointsOf } = follower();
  take('ADDED', entry('db', selecting), entry('other', {}));
  assert.deepEqual(take('ADDED', pod('a', { app: 'db' }, '10.0.0.1')), ['db.example']);
  const vm = { address: '192.0.2.9', labels: { app: 'db' }, ports: { http: 81 } };
  assert.deepEqual(take('ADDED', workload('vm', vm)), ['db.example']);
  assert.deepEqual(endpointsOf('db.example'), ['10.0.0.1', '192.0.2.9 http 81']);
  assert.deepEqual(take('ADDED', workload('elsewhere', vm, { namespace: 'other' })), []);
  assert.deepEqual(take('ADDED', pod('b', { app: 'web' }, '10.0.0.2')), []);
  assert.deepEqual(take('MODIFIED', pod('a', { app: 'db' }, '10.0.0.1', false)), ['db.example']);
  assert.deepEqual(take('MODIFIED', pod('b', { app: 'db' }, '10.0.0.2')), ['db.example']);
  assert.deepEqual(endpointsOf('db.example'), ['10.0.0.2', '192.0.2.9 http 81']);
  take('DELETED', workload('vm', vm), pod('b', { app: 'db' }, '10.0.0.2'));
  assert.deepEqual(endpointsOf('db.example'), []);
});

test('labels of the object count before those of the workload', () => {
  const { take, endpointsOf } = follower();
  take('ADDED', entry('db', selecting));
  take('ADDED', workload('vm', { address: '192.0.2.9', labels: { app: 'db' } }, { labels: { app: 'web' } }));
  assert.deepEqual(endpointsOf('db.example'), []);
});

test('what Envoy could not take by the resolution is no endpoint', () => {
  const { take, endpointsOf } = follower();
  const labels = { app: 'db' };
  take('ADDED', entry('db', selecting), entry('named', { ...selecting, resolution: 'DNS' }));
  take('ADDED', workload('name', { address: 'vm.example', labels }), workload('ip', { address: '192.0.2.9', labels }));
  take('ADDED', workload('socket', { address: 'unix:///run/db', labels }), workload('none', { network: 'n', labels }));
  assert.deepEqual(endpointsOf('db.example'), ['192.0.2.9', 'unix:///run/db']);
  assert.deepEqual(endpointsOf('named.example'), ['192.0.2.9', 'vm.example']);
});

test('a Service takes WorkloadEntries too, whose own port comes before its target port', () => {
  const { take, endpointsOf } = follower();
  const ports = [
    { name: 'http', port: 80, targetPort: 'web' },
    { name: 'raw', port: 81, targetPort: 7000 },
  ];
  take('ADDED', service('db', { selector: { app: 'db' }, ports }), pod('a', { app: 'db' }, '10.0.0.1'));
  const labels = { app: 'db' };
  take('ADDED', workload('vm', { address: '192.0.2.9', labels, ports: { web: 70, raw: 71 } }));
  take('ADDED', workload('name', { address: 'vm.example', labels }));
  assert.deepEqual(endpointsOf('db.default.svc.cluster.local'), [
    '10.0.0.1 http 9090 raw 7000',
    '192.0.2.9 http 70 raw 71',
  ]);
});

test('a Service without a selector has the addresses that somebody wrote, each on the ports that it names', () => {
  const { take, endpointsOf, service: known } = follower();
  const host = 'wiki.default.svc.cluster.local';
  take('ADDED', service('wiki', { clusterIP: '10.96.0.7', ports: [{ name: 'tls', port: 443 }] }));
  assert.deepEqual(endpointsOf(host), []);
  const subsets = [
    {
      addresses: [{ ip: '192.0.2.1' }],
      notReadyAddresses: [{ ip: '192.0.2.2' }],
      ports: [{ name: 'tls', port: 8443 }],
    },
    { addresses: [{ ip: '192.0.2.3' }], ports: [{ name: 'other', port: 1 }] },
  ];
  assert.deepEqual(take('ADDED', object('v1', 'Endpoints', 'wiki', { subsets })), [host]);
  assert.deepEqual(endpointsOf(host), ['192.0.2.1 tls 8443', '192.0.2.3']);
  const slice = {
    addressType: 'IPv4',
    endpoints: [
      { addresses: ['192.0.2.1'] },
      { addresses: ['192.0.2.4'], zone: 'eu-1' },
      { addresses: ['192.0.2.5'], conditions: { ready: false } },
    ],
    ports: [{ name: 'tls', port: 8443 }],
  };
  const labels = { 'kubernetes.io/service-name': 'wiki' };
  take('ADDED', object('discovery.k8s.io/v1', 'EndpointSlice', 'wiki-1', slice, { labels }));
  assert.deepEqual(endpointsOf(host), ['192.0.2.1 tls 8443', '192.0.2.3', '192.0.2.4 tls 8443']);
  assert.equal(known(host)?.endpoints[2]?.locality, '/eu-1');
  assert.equal(known(host)?.external, true);
  take('DELETED', object('v1', 'Endpoints', 'wiki', { subsets }));
  assert.deepEqual(endpointsOf(host), ['192.0.2.1 tls 8443', '192.0.2.4 tls 8443']);
});

test('what no longer fits its schema keeps its last good meaning, also behind a service', () => {
  const { take, endpointsOf } = follower();
  const selector = { app: 'db' };
  take('ADDED', service('db', { selector, ports: [{ name: 'db', port: 5432 }] }));
  take('ADDED', service('wiki', { ports: [{ name: 'tls', port: 443 }] }));
  const labels = { 'kubernetes.io/service-name': 'wiki' };
  const slice = {
    addressType: 'IPv4',
    endpoints: [{ addresses: ['192.0.2.4'] }],
    ports: [{ name: 'tls', port: 8443 }],
  };
  const subsets = [{ addresses: [{ ip: '192.0.2.1' }], ports: [{ name: 'tls', port: 8443 }] }];
  const good = [
    pod('a', selector, '10.0.0.1'),
    workload('vm', { address: '192.0.2.9', labels: selector }),
    object('v1', 'Endpoints', 'wiki', { subsets }),
    object('discovery.k8s.io/v1', 'EndpointSlice', 'wiki-1', slice, { labels }),
  ];
  take('ADDED', ...good);
  const behind = () => ['db', 'wiki'].map((name) => endpointsOf(`${name}.default.svc.cluster.local`)?.length);
  assert.deepEqual(behind(), [2, 2]);
  const unreadable = good.map((one) => ({ ...one, spec: 7, subsets: 7, endpoints: 7 }));
  assert.deepEqual(take('MODIFIED', ...unreadable), []);
  assert.deepEqual(behind(), [2, 2]);
  take('DELETED', ...unreadable);
  assert.deepEqual(behind(), [0, 0]);
});

test('an ExternalName is a host outside, or another name of a Service of the mesh', () => {
  const { take, endpointsOf, service: known } = follower();
  const out = 'out.default.svc.cluster.local';
  const ports = [{ name: 'http', port: 80 }];
  take('ADDED', service('out', { type: 'ExternalName', externalName: 'HTTPBIN.org.', ports }));
  const { resolution, external, addresses } = known(out) ?? {};
  assert.deepEqual([resolution, external, addresses, endpointsOf(out)], ['DNS', true, [], ['httpbin.org']]);
  const alias = { type: 'ExternalName', externalName: 'web.default.svc.cluster.local' };
  take('ADDED', service('alias', alias), service('second', { ...alias, externalName: 'alias.default.svc' }));
  const web = service('web', { clusterIP: '10.96.0.7', selector: { app: 'db' }, ports });
  const all = ['alias', 'second', 'web'].map((name) => `${name}.default.svc.cluster.local`);
  assert.deepEqual(take('ADDED', web), all);
  assert.deepEqual(take('ADDED', pod('a', { app: 'db' }, '10.0.0.1')), all);
  assert.deepEqual(endpointsOf('second.default.svc.cluster.local'), ['10.0.0.1 http 80']);
  assert.deepEqual(known('alias.default.svc.cluster.local')?.addresses, ['10.96.0.7']);
  const loop = service('web', { type: 'ExternalName', externalName: 'second.default.svc' });
  take('MODIFIED', loop);
  assert.equal(known('alias.default.svc.cluster.local')?.resolution, 'DNS');
});

test('a name that stands for a Service is known where both are', () => {
  const { take, service: known } = follower();
  const exported = (namespaces: string) => ({ annotations: { 'networking.istio.io/exportTo': namespaces } });
  const spec = { clusterIP: '10.96.0.7', selector: { app: 'db' }, ports: [{ name: 'http', port: 80 }] };
  const alias = { spec: { type: 'ExternalName', externalName: 'web.shop.svc' } };
  const seenBy = () => {
    const visibility = known('alias.default.svc.cluster.local')?.visibility;
    return ['default', 'shop', 'other'].filter((one) => visibility !== undefined && isVisible(visibility, one));
  };
  take('ADDED', object('v1', 'Service', 'web', { spec }, { namespace: 'shop', ...exported('shop,default') }));
  take('ADDED', object('v1', 'Service', 'alias', alias));
  assert.deepEqual(seenBy(), ['default', 'shop']);
  take('MODIFIED', object('v1', 'Service', 'alias', alias, exported('.,other')));
  assert.deepEqual(seenBy(), ['default']);
  take('MODIFIED', object('v1', 'Service', 'web', { spec }, { namespace: 'shop', ...exported('*') }));
  assert.deepEqual(seenBy(), ['default', 'other']);
});

const tcp = { ports: [{ number: 5432, name: 'db', protocol: 'TCP' }], resolution: 'DNS' };

test('addresses are given to hosts that nothing else tells apart, and to those alone', () => {
  const { take, service: known } = follower();
  const label = { labels: { 'networking.istio.io/enable-autoallocate-ip': 'false' } };
  take('ADDED', entry('tcp', tcp), entry('http', { resolution: 'DNS' }), entry('own', tcp, label));
  take('ADDED', entry('declared', { ...tcp, addresses: ['192.0.2.1'] }));
  take('ADDED', entry('wild', { ...tcp, hosts: ['*.example'], endpoints: [{ address: 'a.example' }] }));
  take('ADDED', service('out', { type: 'ExternalName', externalName: 'a.example', ports: [{ port: 5432 }] }));
  const asked = { labels: { 'networking.istio.io/enable-autoallocate-ip': 'true' } };
  take('ADDED', entry('asked', { resolution: 'DNS' }, asked));
  take('ADDED', entry('below', { hosts: ['*.below'], resolution: 'DYNAMIC_DNS' }, asked));
  take('ADDED', entry('apart', { ...tcp, hosts: ['*.apart'], endpoints: [{ address: 'a.example' }] }, asked));
  const given = (host: string) => known(host)?.autoAllocated === true;
  assert.deepEqual(['asked.example', '*.below', '*.apart'].map(given), [true, true, false]);
  assert.deepEqual(['tcp.example', 'out.default.svc.cluster.local'].map(given), [true, true]);
  assert.deepEqual(['http.example', 'own.example', 'declared.example', '*.example'].map(given), Array(4).fill(false));
});

test('an address that stands in the status is taken over before any is given', () => {
  const { take, service: known } = follower();
  const fresh = createAllocatedAddresses().addressOf('new.example') ?? '';
  const restored = { ...entry('old', tcp), status: { addresses: [{ host: 'old.example', value: fresh }] } };
  take('ADDED', entry('new', tcp), restored);
  assert.deepEqual(known('old.example')?.addresses, [fresh]);
  assert.notDeepEqual(known('new.example')?.addresses, [fresh]);
});

test('hosts of one entry never share an address, though there are too few', () => {
  const { take, service: known } = follower(createAllocatedAddresses(2));
  const hosts = ['a.example', 'b.example', 'c.example'];
  const several = { ports: [{ number: 5432, name: 'tls', protocol: 'TLS' }], resolution: 'DNS' };
  const asked = { labels: { 'networking.istio.io/enable-autoallocate-ip': 'true' } };
  take('ADDED', entry('one', { ...several, hosts }, asked));
  const addresses = hosts.flatMap((host) => known(host)?.addresses ?? []);
  assert.deepEqual([addresses.length, new Set(addresses).size], [2, 2]);
  take('DELETED', entry('one', { ...several, hosts }, asked));
  take('ADDED', entry('two', { ...several, hosts: ['d.example'] }, asked));
  assert.equal(known('d.example')?.addresses.length, 1);
});

test('a host that there was no address for gets one when another lets go of its own', () => {
  const { take, service: known } = follower(createAllocatedAddresses(1));
  const count = (host: string) => known(host)?.addresses.length;
  take('ADDED', entry('a', tcp), entry('b', tcp), entry('c', tcp));
  assert.deepEqual([count('a.example'), count('b.example'), count('c.example')], [1, 0, 0]);
  assert.deepEqual(take('DELETED', entry('a', tcp)), ['a.example', 'b.example']);
  assert.deepEqual([count('b.example'), count('c.example')], [1, 0]);
  take('DELETED', entry('c', tcp));
  assert.deepEqual(take('MODIFIED', entry('b', {})), ['b.example'], 'one that is gone waits for nothing');
});

test('a status that says what is known already changes nothing', () => {
  const { take, service: known } = follower();
  take('ADDED', entry('tcp', tcp));
  const [value] = known('tcp.example')?.addresses ?? [];
  const told = { ...entry('tcp', tcp), status: { addresses: [{ host: 'tcp.example', value }] } };
  assert.deepEqual(take('MODIFIED', told), []);
});

test('one by one ends where all at once ends, in any order', () => {
  const labels = fc.constantFrom<Readonly<Record<string, string>>>({ app: 'db' }, { app: 'web' });
  const name = fc.constantFrom('a', 'b', 'c');
  const one = fc.oneof(
    fc.record({ name, ready: fc.boolean(), labels }).map((the) => pod(the.name, the.labels, '10.0.0.1', the.ready)),
    fc.record({ name, labels }).map((the) => workload(the.name, { address: '192.0.2.9', labels: the.labels })),
    fc
      .record({ name, spec: fc.constantFrom(selecting, tcp, { ...tcp, ...selecting }, {}) })
      .map((the) => entry(the.name, the.spec)),
    fc
      .record({ name, target: name, kind: fc.constantFrom('selects', 'given', 'alias') })
      .map(({ name: own, target, kind }) =>
        service(own, {
          ports: [{ name: 'db', port: 5432 }],
          ...(kind === 'selects' ? { selector: { app: 'db' } } : {}),
          ...(kind === 'alias' ? { type: 'ExternalName', externalName: `${target}.default.svc` } : {}),
        }),
      ),
    name.map((own) =>
      object('v1', 'Endpoints', own, {
        subsets: [{ addresses: [{ ip: '192.0.2.1' }], ports: [{ name: 'db', port: 1 }] }],
      }),
    ),
  );
  const objects = fc.uniqueArray(one, { maxLength: 12, selector: ({ kind, metadata }) => `${kind} ${metadata.name}` });
  const sorted = (services: ReadonlyMap<string, Service>) =>
    [...services.values()].sort((a, b) => (a.host < b.host ? -1 : 1));
  fc.assert(
    fc.property(objects, objects, (all, others) => {
      const [atOnce, stepwise] = [follower(), follower()];
      atOnce.take('ADDED', ...all);
      for (const each of others) stepwise.take('ADDED', each);
      for (const each of others) stepwise.take('DELETED', each);
      for (const each of all.toReversed()) stepwise.take('ADDED', each);
      assert.deepEqual(sorted(stepwise.services()), sorted(atOnce.services()));
    }),
    { seed: 20_260_101, numRuns: 300 },
  );
});

test('an entry whose time is over stands for nothing, and its address is free', () => {
  const { take, pass, nextExpiry, services } = follower();
  const timed = (name: string, expires: string) => {
    const ports = [{ number: 5432, name: 'tcp', protocol: 'TCP' }];
    const annotations = { 'egress.sallyport.dev/expires': expires };
    return entry(name, { ports, resolution: 'DNS', endpoints: [{ address: 'db.example' }] }, { annotations });
  };
  const start = Date.parse('2027-01-01T00:00:00Z');
  pass(start);
  take('ADDED', timed('over', '2027-01-01T00:00:00Z'), timed('unreadable', 'tomorrow'), entry('ever', {}));
  assert.deepEqual([...services().keys()], ['ever.example']);
  take('ADDED', timed('later', '2027-01-01T00:02:00Z'), timed('soon', '2027-01-01T00:01:00+00:00'));
  assert.equal(nextExpiry(), start + 60_000);
  assert.deepEqual(pass(start + 59_999), []);
  assert.deepEqual(pass(start + 60_000), ['soon.example']);
  assert.equal(nextExpiry(), start + 120_000);
  take('MODIFIED', timed('later', '2027-01-01T00:03:00Z'));
  assert.deepEqual(pass(start + 120_000), []);
  take('DELETED', timed('later', '2027-01-01T00:03:00Z'));
  assert.deepEqual([nextExpiry(), [...services().keys()]], [undefined, ['ever.example']]);
});
