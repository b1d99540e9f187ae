// What is said of EgressPolicies beside other objects.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { serviceEntry } from '../../test/support/mesh.ts';
import { egressPolicy, gatewayPort, meshGateway, virtualService } from '../../test/support/networking.ts';
import { emptyMesh, updateMesh } from '../mesh/mesh.ts';
import { createMeshObjects } from '../mesh/mesh-objects.ts';
import type { WatchEvent } from '../store/store.ts';
import { createAnalysis } from './analysis.ts';
import { analyzeManifests } from './analyze-manifests.ts';
import { eventsOf, objectsOf, pod, toldOfMesh } from './testing/told.ts';

const hosts = ['api.test'];
const egress = (type: string, ...ports: readonly number[]) =>
  meshGateway('out', { type, ports: ports.map((port) => gatewayPort(`p-${port}`, port, port)) });

test('a host that a VirtualService routes: the policy is not applied to it', () => {
  const policy = egressPolicy('pay', { hosts: ['b.test', 'api.test'] });
  const routed = (namespace: string) =>
    toldOfMesh(
      policy +
        virtualService(
          'own',
          { hosts, http: [{ route: [{ destination: { host: 'b.test', port: { number: 80 } } }] }], exportTo: ['.'] },
          { namespace },
        ),
    ).filter((line) => line.includes('SP157'));
  const told = (namespace: string) => [
    `!SP1571 EgressPolicy/default/pay spec.hosts[1]: is not applied to api.test, which VirtualService/${namespace}/own routes: nobody is let out or kept from it by this policy`,
  ];
  assert.deepEqual(toldOfMesh(policy), []);
  assert.deepEqual(routed('default'), told('default'));
  assert.deepEqual(routed('istio-system'), told('istio-system'));
  assert.deepEqual(routed('shop'), []);
});

test('sources that choose nobody who is here', () => {
  const told = (...from: readonly object[]) =>
    toldOfMesh(
      pod('a', 'default', { app: 'a' }) + pod('b', 'shop', { app: 'b' }) + egressPolicy('pay', { from, hosts }),
    );
  const a = { selector: { matchLabels: { app: 'a' } } };
  assert.deepEqual(told(a, { serviceAccounts: ['default'] }, { namespaces: ['default'] }), []);
  assert.deepEqual(told({ ...a, serviceAccounts: ['pay', 'book'] }, { selector: { matchLabels: { app: 'b' } } }), [
    '?SP1572 EgressPolicy/default/pay spec.from[0]: no workload of namespace default has the labels app=a and the service account pay or book, so that nobody is chosen',
    '?SP1572 EgressPolicy/default/pay spec.from[1]: no workload of namespace default has the labels app=b, so that nobody is chosen',
  ]);
  const everywhere = (...from: readonly object[]) =>
    toldOfMesh(pod('b', 'shop', { app: 'b' }) + egressPolicy('all', { from, hosts }, { namespace: 'istio-system' }));
  assert.deepEqual(everywhere({ selector: { matchLabels: { app: 'b' } } }, { namespaces: ['shop', 'none'] }), []);
  assert.deepEqual(everywhere({ namespaces: ['none'] }, a), [
    '?SP1572 EgressPolicy/istio-system/all spec.from[0]: no workload of namespace none has a sidecar, so that nobody is chosen',
    '?SP1572 EgressPolicy/istio-system/all spec.from[1]: no workload of any namespace has the labels app=a, so that nobody is chosen',
  ]);
  const [found] = analyzeManifests(
    [{ name: 'a.yaml', bytes: Buffer.from(egressPolicy('pay', { from: [a], hosts })) }],
    'default',
  );
  assert.equal(found?.severity, 'info', 'of files alone');
});

test('a gateway that is not there, does not open the ports, or is none for what leaves', () => {
  const policy = egressPolicy('pay', { hosts, gateway: 'out' });
  assert.deepEqual(toldOfMesh(policy), [
    '!SP1573 EgressPolicy/default/pay spec.gateway: there is no gateway default/out, so that nothing answers for these hosts',
  ]);
  assert.deepEqual(toldOfMesh(egress('egress', 80, 443) + policy), []);
  assert.deepEqual(toldOfMesh(egress('egress', 80) + policy), [
    '!SP1573 EgressPolicy/default/pay spec.gateway: the gateway default/out does not open port 443, which this policy sends to',
  ]);
  assert.deepEqual(
    toldOfMesh(egress('egress', 80) + egressPolicy('pay', { hosts, gateway: 'out', tls: { mode: 'SIMPLE' } })),
    [],
    'HTTP alone',
  );
  assert.deepEqual(toldOfMesh(egress('ingress', 80, 443) + policy), [
    '?SP1573 EgressPolicy/default/pay spec.gateway: no pod of default/out is an egress gateway, so that nobody answers what this policy sends there',
  ]);
});

test('a policy whose time is over', () => {
  const told = (spec: object) => toldOfMesh(egressPolicy('pay', { hosts, ...spec }));
  assert.deepEqual(told({ expires: '2020-01-01T00:00:00Z' }), [
    '?SP1574 EgressPolicy/default/pay spec.expires: has expired: it lets nobody out any more; its hosts stay closed',
  ]);
  assert.deepEqual(told({ expires: '2020-01-01T00:00:00Z', mode: 'report' }), [
    '?SP1574 EgressPolicy/default/pay spec.expires: has expired: it lets nobody out any more',
  ]);
  assert.deepEqual(told({ expires: '2999-01-01T00:00:00Z' }), []);
});

test('a policy whose time comes to be over is judged again then', () => {
  let now = Date.parse('2026-01-01T00:00:00Z');
  const objects = createMeshObjects({ clock: () => now });
  const analysis = createAnalysis({ complete: true });
  let mesh = emptyMesh;
  const codes = (events: readonly WatchEvent[]) => {
    const change = objects.translate(events);
    ({ mesh } = updateMesh(mesh, change));
    analysis.take({ events, change, mesh });
    analysis.judge();
    return [...analysis.findings()].flatMap(([, findings]) => findings.map(({ code }) => code));
  };
  const expires = new Date(now + 1000).toISOString();
  assert.deepEqual(codes(eventsOf(objectsOf(egressPolicy('pay', { hosts, expires })))), []);
  now += 1000;
  assert.deepEqual(codes([]), ['SP1574']);
});

test('policies that send one host different ways: told of the one that does not count', () => {
  const told = (first: object, second: object, metadata = {}) =>
    toldOfMesh(
      egress('egress', 80, 443) +
        egressPolicy('first', { hosts, ...first }) +
        egressPolicy('second', { hosts, ...second }, metadata),
    );
  const tls = { tls: { mode: 'SIMPLE' } };
  const another = (what: string) => [
    `?SP1575 EgressPolicy/default/second spec.hosts[0]: port 80 of api.test leaves as EgressPolicy/default/first says, which comes first and has another ${what}`,
  ];
  assert.deepEqual(told({}, { mode: 'report', from: [{ namespaces: ['default'] }] }).filter(isAbout('SP1575')), []);
  assert.deepEqual(told({}, { gateway: 'out' }), another('gateway'));
  assert.deepEqual(told(tls, {}), another('TLS'));
  assert.deepEqual(told({}, tls), another('TLS'));
  assert.deepEqual(told(tls, tls), []);
  assert.deepEqual(told({}, { ports: [{ number: 80, protocol: 'HTTP2' }] }), another('protocol'));
  assert.deepEqual(told({ ports: [{ number: 80 }] }, { ports: [{ number: 443 }], gateway: 'out' }), [], 'other ports');
  assert.deepEqual(told(tls, {}, { namespace: 'shop' }), [], 'of another namespace');
});

test('a host that somebody registered before', () => {
  const entry = (port: { readonly protocol: string }) =>
    serviceEntry('own', { hosts, ports: [{ number: 80, name: 'p', ...port }] });
  const said =
    'SP1576 EgressPolicy/default/pay spec.hosts[0]: port 80 of api.test is that of ServiceEntry/default/own, which comes first: its protocol and endpoints count';
  const policy = egressPolicy('pay', { hosts });
  assert.deepEqual(toldOfMesh(entry({ protocol: 'GRPC' }) + policy), [`?${said}`]);
  assert.deepEqual(toldOfMesh(entry({ protocol: 'HTTP' }) + policy), [`.${said}`]);
  assert.match(
    toldOfMesh(policy + entry({ protocol: 'GRPC' })).join('\n'),
    /^\?SP1501 ServiceEntry\/default\/own .*EgressPolicy\/default\/pay as well[^\n]*$/,
    'afterwards: told of the entry',
  );
});

test('a host that is denied to what workloads send', () => {
  const denial = (spec: object, annotation = 'outbound', namespace = 'default') =>
    `${JSON.stringify({
      apiVersion: 'security.istio.io/v1',
      kind: 'AuthorizationPolicy',
      metadata: { name: 'no', namespace, annotations: { 'egress.sallyport.dev/bound-to': annotation } },
      spec: { action: 'DENY', rules: [{ to: [{ operation: { hosts: ['*.test'] } }] }], ...spec },
    })}\n---\n`;
  const policy = egressPolicy('pay', { hosts });
  const told = (namespace: string) => [
    `.SP1577 EgressPolicy/default/pay spec.hosts[0]: AuthorizationPolicy/${namespace}/no denies api.test to some, whatever this policy allows: deny counts first`,
  ];
  assert.deepEqual(toldOfMesh(denial({}) + policy), told('default'));
  assert.deepEqual(toldOfMesh(denial({}, 'outbound', 'istio-system') + policy), told('istio-system'));
  assert.deepEqual(toldOfMesh(denial({}, 'outbound', 'shop') + policy), []);
  assert.deepEqual(toldOfMesh(denial({ action: 'ALLOW' }) + policy), []);
  assert.deepEqual(toldOfMesh(denial({ rules: [{ to: [{ operation: { hosts: ['other.test'] } }] }] }) + policy), []);
});

function isAbout(code: string): (line: string) => boolean {
  return (line) => line.includes(code);
}
