// What is suggested of what was seen, in meshes that know some of it already.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { objectsOf } from '../analysis/testing/told.ts';
import type { RunningPod } from './policy-sources.ts';
import type { Suggestions } from './suggestion.ts';
import { appliedTo, presentOf, seenFlow, suggestedIn } from './testing/present.ts';

const empty = presentOf([]);
const http = { protocol: 'http', port: 80, requests: 5, connections: 0 } as const;
const grpc = { ...http, protocol: 'grpc', port: 50_051 } as const;
const from = (workload: string, namespace = 'shop') => ({ source: { namespace, workload } });
const blocked = (host: string, port = 443) => ({ destination: { kind: 'blocked' as const, host, port } });

function pod(workload: string, members: Partial<RunningPod> = {}): RunningPod {
  return { namespace: 'shop', workload, serviceAccount: 'default', labels: { app: workload }, ...members };
}

const specs = ({ objects }: Suggestions) =>
  objects.map(({ object: { kind, metadata, spec } }) => [`${kind}/${metadata.namespace}/${metadata.name}`, spec]);
const names = ({ objects }: Suggestions) => specs({ objects, suggestions: [], leftOut: [] }).map(([name]) => name);
const reasons = ({ leftOut }: Suggestions) => leftOut.map(({ host, port, reason }) => `${host}:${port}: ${reason}`);

function entry(name: string, spec: string, namespace = 'shop'): string {
  return `
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: { name: ${name}, namespace: ${namespace} }
spec: { ${spec} }
---`;
}

test('an entry for each host of a namespace: exact, for it alone, with the ports and protocols that were seen', () => {
  const seen = [
    seenFlow('api.example.com'),
    seenFlow('API.example.com.', http),
    seenFlow('api.example.com', { ...http, ...from('jobs') }),
    seenFlow('api.example.com', { ...from('web', 'other') }),
    seenFlow('feed.example.com', grpc),
  ];
  const found = suggestedIn(empty, seen);
  const scope = { exportTo: ['.'], location: 'MESH_EXTERNAL' };
  const tls = { number: 443, name: 'tls-443', protocol: 'TLS' };
  assert.deepEqual(specs(found), [
    ['ServiceEntry/other/api.example.com', { hosts: ['api.example.com'], ...scope, ports: [tls], resolution: 'DNS' }],
    [
      'ServiceEntry/shop/api.example.com',
      {
        hosts: ['api.example.com'],
        ...scope,
        ports: [{ number: 80, name: 'http-80', protocol: 'HTTP' }, tls],
        resolution: 'DNS',
      },
    ],
    [
      'ServiceEntry/shop/feed.example.com',
      {
        hosts: ['feed.example.com'],
        ...scope,
        ports: [{ number: 50_051, name: 'grpc-50051', protocol: 'GRPC' }],
        resolution: 'DNS',
      },
    ],
  ]);
  const [, first] = found.suggestions;
  assert.deepEqual(first, {
    namespace: 'shop',
    host: 'api.example.com',
    port: 80,
    protocol: 'HTTP',
    workloads: ['jobs', 'web'],
    requests: 10,
    connections: 0,
    blocked: false,
    firstSeen: '2026-01-31T10:00:00.000Z',
    lastSeen: '2026-01-31T11:00:00.000Z',
    object: 'ServiceEntry/shop/api.example.com',
  });
  assert.deepEqual(found.leftOut, []);
});

test('an address is let through as TCP to it alone, whatever was spoken', () => {
  const found = suggestedIn(empty, [seenFlow('192.0.2.7', http), seenFlow('2001:db8::7', { protocol: 'tcp' })]);
  const scope = { exportTo: ['.'], location: 'MESH_EXTERNAL' };
  assert.deepEqual(specs(found), [
    [
      'ServiceEntry/shop/192-0-2-7.address.internal',
      {
        hosts: ['192-0-2-7.address.internal'],
        addresses: ['192.0.2.7/32'],
        ...scope,
        ports: [{ number: 80, name: 'tcp-80', protocol: 'TCP' }],
        resolution: 'NONE',
      },
    ],
    [
      'ServiceEntry/shop/2001-db8--7.address.internal',
      {
        hosts: ['2001-db8--7.address.internal'],
        addresses: ['2001:db8::7/128'],
        ...scope,
        ports: [{ number: 443, name: 'tcp-443', protocol: 'TCP' }],
        resolution: 'NONE',
      },
    ],
  ]);
});

test('what was stopped is suggested where it is asked for, or named', () => {
  const seen = [seenFlow('a.test', blocked('a.test')), seenFlow('b.test'), seenFlow('c.test', blocked('c.test'))];
  assert.deepEqual(names(suggestedIn(empty, seen)), ['ServiceEntry/shop/b.test']);
  assert.equal(suggestedIn(empty, seen, { blocked: true }).objects.length, 3);
  const named = suggestedIn(empty, seen, { hosts: ['c.test'] });
  assert.deepEqual(names(named), ['ServiceEntry/shop/c.test']);
  assert.equal(named.suggestions[0]?.blocked, true);
});

test('what is registered by now is not suggested, wherever the namespace has it from', () => {
  const manifests = [
    entry('a', 'hosts: [a.test], ports: [{ number: 443, name: tls, protocol: TLS }], resolution: DNS'),
    entry('b', 'hosts: ["*.b.test"], ports: [{ number: 443, name: tls, protocol: TLS }], resolution: DYNAMIC_DNS', 'x'),
    entry(
      'c',
      'hosts: [c.test], exportTo: ["."], ports: [{ number: 443, name: tls, protocol: TLS }], resolution: DNS',
      'x',
    ),
    entry(
      'd',
      'hosts: [d.test], addresses: [192.0.2.0/28], ports: [{ number: 5432, name: tcp, protocol: TCP }], resolution: NONE',
    ),
  ].join('');
  const seen = [
    seenFlow('a.test'),
    seenFlow('any.b.test'),
    seenFlow('c.test'),
    seenFlow('192.0.2.3', { protocol: 'tcp', port: 5432 }),
    seenFlow('192.0.2.3', { protocol: 'tcp', port: 5433 }),
    seenFlow('192.0.2.77', { protocol: 'tcp', port: 5432 }),
  ];
  assert.deepEqual(names(suggestedIn(presentOf(objectsOf(manifests)), seen)), [
    'ServiceEntry/shop/192-0-2-3.address.internal',
    'ServiceEntry/shop/192-0-2-77.address.internal',
    'ServiceEntry/shop/c.test',
  ]);
});

test('a port more of an entry that was suggested is added to it; what says something else is left alone', () => {
  const first = appliedTo(empty, suggestedIn(empty, [seenFlow('a.test')]));
  const again = suggestedIn(first, [seenFlow('a.test'), seenFlow('a.test', http)]);
  assert.deepEqual(
    again.objects.map(({ object, existing }) => [object.metadata.name, existing?.metadata.name]),
    [['a.test', 'a.test']],
  );
  assert.deepEqual(
    again.suggestions.map(({ port }) => port),
    [80],
  );
  assert.deepEqual(suggestedIn(appliedTo(first, again), [seenFlow('a.test'), seenFlow('a.test', http)]).objects, []);
  const other = presentOf(
    objectsOf(
      entry('a.test', 'hosts: [else.test], ports: [{ number: 443, name: tls, protocol: TLS }], resolution: DNS'),
    ),
  );
  assert.deepEqual(names(suggestedIn(other, [seenFlow('a.test')])), ['ServiceEntry/shop/a.test.2']);
});

test('an entry of somebody else without the port is named: one beside it would not count, or take from it', () => {
  const wide = presentOf(
    objectsOf(entry('a', 'hosts: [a.test], ports: [{ number: 443, name: tls, protocol: TLS }], resolution: DNS', 'x')),
  );
  const reason = 'ServiceEntry/x/a registers it without this port: add the port there';
  assert.deepEqual(reasons(suggestedIn(wide, [seenFlow('a.test', http)])), [`a.test:80: ${reason}`]);
});

test('what cannot be registered, or leads nowhere outside, is left out with the reason', () => {
  const seen = [
    seenFlow('other', { port: 0 }),
    seenFlow('not_a_name.test'),
    seenFlow('a.test', { port: 0 }),
    seenFlow('web.shop.svc.cluster.local'),
    seenFlow('intranet'),
    seenFlow('metadata.google.internal', http),
    seenFlow('169.254.169.254', http),
    seenFlow('240.240.0.1', { protocol: 'tcp', port: 5432 }),
    seenFlow('a.test', { port: 15_001 }),
  ];
  const found = suggestedIn(empty, seen);
  assert.deepEqual(found.objects, []);
  assert.deepEqual(reasons(found), [
    'other:0: above the cap on hosts, their names are not on record',
    'not_a_name.test:443: it is no name that an object could have',
    'a.test:0: its port is not on record',
    '169.254.169.254:80: it is no address outside',
    '240.240.0.1:5432: it is no address outside',
    'intranet:443: it is a name of the mesh',
    'metadata.google.internal:80: it leads to the machine itself, or to its secrets',
    'web.shop.svc.cluster.local:443: it is a name of the mesh',
    'a.test:15001: port 15001 is one of the proxy itself: connections to it reach nothing',
  ]);
});

test('of several protocols of a port the one that was seen most is suggested, and what it stops is said', () => {
  const seen = [seenFlow('a.test', { ...http, port: 443 }), seenFlow('a.test', { connections: 90 })];
  const [suggestion] = suggestedIn(empty, seen).suggestions;
  assert.equal(suggestion?.protocol, 'TLS');
  assert.equal(suggestion?.note, 'HTTP on this port would be stopped');
  const [both] = suggestedIn(empty, [
    seenFlow('a.test', { ...grpc, requests: 1 }),
    seenFlow('a.test', { ...http, port: 50_051 }),
  ]).suggestions;
  assert.deepEqual([both?.protocol, both?.note], ['GRPC', undefined]);
  // What went through CONNECT is a connection to a name.
  const [tunnel] = suggestedIn(empty, [seenFlow('a.test', { protocol: 'tcp' })]).suggestions;
  assert.equal(tunnel?.protocol, 'TLS');
});

test('with an end, objects have names of their own, so that nothing else ends with them', () => {
  const before = appliedTo(empty, suggestedIn(empty, [seenFlow('a.test')]));
  const expires = '2026-01-31T14:00:00Z';
  const found = suggestedIn(before, [seenFlow('a.test', http)], { expires });
  const [{ object } = { object: undefined }] = found.objects;
  assert.equal(object?.metadata.name, 'a.test.until-20260131t140000z');
  assert.deepEqual(object?.metadata.annotations, { 'egress.sallyport.dev/expires': expires });
  assert.deepEqual(suggestedIn(appliedTo(before, found), [seenFlow('a.test', http)]).objects, []);
});

test('three hosts of one domain become its wildcard where that is asked for; never a public suffix', () => {
  const seen = ['a.example.com', 'b.example.com', 'c.example.com', 'a.test', 'b.test', 'c.test']
    .concat(['a.co.uk', 'b.co.uk', 'c.co.uk', 'a.github.io', 'b.github.io', 'c.github.io', 'a.two.test', 'b.two.test'])
    .map((host) => seenFlow(host));
  assert.equal(suggestedIn(empty, seen).objects.length, seen.length);
  const joined = suggestedIn(empty, [...seen, seenFlow('a.example.com', { protocol: 'tcp', port: 5432 })], {
    wildcards: true,
  });
  const wildcards = joined.suggestions.filter(({ host }) => host.startsWith('*.'));
  assert.deepEqual(
    wildcards.map(({ host, port, object, connections }) => [host, port, object, connections]),
    [['*.example.com', 443, 'ServiceEntry/shop/any.example.com', 9]],
  );
  assert.equal(joined.objects.length, seen.length - 1, 'the TCP port of one of them stays exact');
  assert.deepEqual(suggestedIn(appliedTo(empty, joined), seen, { wildcards: true }).objects, []);
});

test('EgressPolicies: one for each port of a workload, chosen by what is its own', () => {
  const pods = [
    pod('web', { serviceAccount: 'web' }),
    pod('jobs-v1', { labels: { app: 'jobs', version: 'v1' } }),
    pod('jobs-v2', { labels: { app: 'jobs', version: 'v2' } }),
    pod('mail', { labels: { app: 'mail', 'pod-template-hash': 'x' } }),
  ];
  const seen = [
    seenFlow('a.test'),
    seenFlow('b.test'),
    seenFlow('a.test', http),
    seenFlow('a.test', from('jobs-v1')),
    seenFlow('c.test', from('mail')),
    seenFlow('192.0.2.7', { protocol: 'tcp', port: 5432 }),
  ];
  const present = presentOf([], pods);
  const found = suggestedIn(present, seen, { as: 'egresspolicy' });
  const tls = [{ number: 443, protocol: 'TLS' }];
  assert.deepEqual(specs(found).slice(0, -1), [
    [
      'EgressPolicy/shop/web-http-80',
      { from: [{ serviceAccounts: ['web'] }], hosts: ['a.test'], ports: [{ number: 80, protocol: 'HTTP' }] },
    ],
    [
      'EgressPolicy/shop/web-tls-443',
      { from: [{ serviceAccounts: ['web'] }], hosts: ['a.test', 'b.test'], ports: tls },
    ],
    [
      'EgressPolicy/shop/jobs-v1-tls-443',
      { from: [{ selector: { matchLabels: { app: 'jobs', version: 'v1' } } }], hosts: ['a.test'], ports: tls },
    ],
    [
      'EgressPolicy/shop/mail-tls-443',
      { from: [{ selector: { matchLabels: { app: 'mail' } } }], hosts: ['c.test'], ports: tls },
    ],
  ]);
  assert.equal(names(found).at(-1), 'ServiceEntry/shop/192-0-2-7.address.internal');
  const after = appliedTo(present, found);
  assert.deepEqual(suggestedIn(after, seen, { as: 'egresspolicy' }).objects, []);
  const more = suggestedIn(after, [...seen, seenFlow('d.test', from('mail'))], { as: 'egresspolicy' });
  assert.deepEqual(
    more.objects.map(({ object, existing }) => [object.spec, existing !== undefined]),
    [[{ from: [{ selector: { matchLabels: { app: 'mail' } } }], hosts: ['c.test', 'd.test'], ports: tls }, true]],
  );
});

test('an EgressPolicy is suggested for everybody who called the host, or for nobody', () => {
  const entries = entry('b', 'hosts: [b.test], ports: [{ number: 443, name: tls, protocol: TLS }], resolution: DNS');
  const present = presentOf(objectsOf(entries), [pod('web'), pod('twin', { labels: { app: 'web' } }), pod('mail')]);
  const seen = [
    seenFlow('a.test', from('mail')),
    seenFlow('a.test', from('gone')),
    seenFlow('b.test', { ...http, ...from('mail') }),
    seenFlow('c.test'),
    seenFlow('d.test', from('mail')),
  ];
  const found = suggestedIn(present, seen, { as: 'egresspolicy' });
  assert.deepEqual(
    found.suggestions.map(({ host }) => host),
    ['d.test'],
  );
  assert.deepEqual(reasons(found), [
    'a.test:443: gone does not run: nobody knows its labels',
    'b.test:80: ServiceEntry/shop/b registers it for all of the namespace, and an EgressPolicy would take it from the others',
    'c.test:443: neither its labels nor its service account tell web from other workloads',
  ]);
});

test('a policy takes so many hosts, and the rest goes into the next', () => {
  const seen = Array.from({ length: 300 }, (_, index) => seenFlow(`host-${index}.test`));
  const present = presentOf([], [pod('web')]);
  const found = suggestedIn(present, seen, { as: 'egresspolicy' });
  assert.deepEqual(names(found), ['EgressPolicy/shop/web-tls-443', 'EgressPolicy/shop/web-tls-443-2']);
  const more = suggestedIn(appliedTo(present, found), [...seen, seenFlow('more.test')], { as: 'egresspolicy' });
  assert.deepEqual(names(more), ['EgressPolicy/shop/web-tls-443-2']);
  assert.equal(more.objects[0]?.existing !== undefined, true);
});
