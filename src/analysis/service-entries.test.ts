import assert from 'node:assert/strict';
import { test } from 'node:test';
import { serviceEntry } from '../../test/support/mesh.ts';
import { destinationRule, outboundPolicy } from '../../test/support/networking.ts';
import { analyzeManifests } from './analyze-manifests.ts';
import { pod, toldOfMesh } from './testing/told.ts';

const http = { number: 80, name: 'http', protocol: 'HTTP' };
const https = { number: 443, name: 'https', protocol: 'HTTPS' };
const tcp = (number: number) => ({ number, name: 'tcp', protocol: 'TCP' });
const elsewhere = { namespace: 'shop' };

test('a host of several entries: what is lost, and to whom', () => {
  const twice = (second: object, metadata = {}) =>
    toldOfMesh(
      serviceEntry('first', { hosts: ['a.example'], ports: [http] }) +
        serviceEntry('second', { hosts: ['a.example'], ports: [http], ...second }, metadata),
    );
  assert.deepEqual(twice({ ports: [https] }), [], 'ports of one namespace are put together');
  assert.deepEqual(twice({ ports: [{ ...http, targetPort: 8080 }, https] }), [
    '?SP1501 ServiceEntry/default/second spec.hosts[0]: a.example is that of ServiceEntry/default/first as well, which counts; port 80 of this entry is left out',
  ]);
  assert.match(twice({})[0] ?? '', /^\.SP1501 .*port 80 of this entry is left out$/, 'the same twice hurts nobody');
  assert.match(
    twice({ ports: [https], resolution: 'DNS_ROUND_ROBIN' })[0] ?? '',
    /^\?SP1501 .*port 443 of this entry is left out$/,
  );
  assert.deepEqual(twice({ ports: [https] }, elsewhere), [
    '?SP1501 ServiceEntry/shop/second spec.hosts[0]: other namespaces get a.example from ServiceEntry/default/first; this entry counts in namespace shop alone',
  ]);
  assert.deepEqual(twice({ ports: [https], exportTo: ['.'] }, elsewhere), []);
});

test('TCP without addresses: what it takes from others on its port, and the one that has nothing left', () => {
  const db = serviceEntry('db', { hosts: ['db.example'], ports: [tcp(443)] });
  assert.deepEqual(toldOfMesh(db), []);
  assert.deepEqual(toldOfMesh(db + serviceEntry('web', { hosts: ['web.example'], ports: [https] })), [
    '?SP1502 ServiceEntry/default/db spec.ports[0]: without addresses db.example takes all connections to port 443 that name no other host; the port is also that of web.example of ServiceEntry/default/web, and a server that speaks first is not heard on it',
  ]);
  const other = (spec: object = {}, metadata = {}) =>
    toldOfMesh(db + serviceEntry('other', { hosts: ['other.example'], ports: [tcp(443)], ...spec }, metadata));
  assert.deepEqual(other(), [
    '!SP1503 ServiceEntry/default/other spec.ports[0]: connections to port 443 all go to db.example of ServiceEntry/default/db, which comes first: neither has addresses',
  ]);
  assert.deepEqual(other({ addresses: ['192.0.2.1'] }), []);
  assert.deepEqual(other({ ports: [tcp(5432)] }), []);
  const apart =
    serviceEntry('a', { hosts: ['a.example'], ports: [tcp(5432)], exportTo: ['.'] }) +
    serviceEntry('b', { hosts: ['b.example'], ports: [tcp(5432)], exportTo: ['.'] }, elsewhere);
  assert.deepEqual(toldOfMesh(apart), [], 'no proxy sees both');
});

test('two hosts at one address and port', () => {
  const at = (name: string, address: string) =>
    serviceEntry(name, { hosts: [`${name}.example`], ports: [tcp(5432)], addresses: [address], resolution: 'NONE' });
  assert.deepEqual(toldOfMesh(at('a', '192.0.2.1') + at('b', '192.0.2.2')), []);
  assert.deepEqual(toldOfMesh(at('a', '192.0.2.1') + at('b', '192.0.2.1')), [
    '!SP1504 ServiceEntry/default/b spec.ports[0]: connections to 192.0.2.1:5432 go to a.example of ServiceEntry/default/a, which comes first and has the same address',
  ]);
});

test('HTTP that is led to port 443 needs a rule that begins TLS', () => {
  const entry = serviceEntry('a', { hosts: ['a.example'], ports: [{ ...http, targetPort: 443 }, https] });
  assert.deepEqual(toldOfMesh(entry), [
    '?SP1505 ServiceEntry/default/a spec.ports[0]: requests to port 80 of a.example reach port 443 of the server in the clear',
  ]);
  const ruled = (trafficPolicy: object, host = 'a.example') =>
    toldOfMesh(entry + destinationRule('a', { host, trafficPolicy }));
  const simple = { tls: { mode: 'SIMPLE' } };
  const port = (number: number) => ({ portLevelSettings: [{ port: { number }, ...simple }] });
  assert.deepEqual(ruled(port(80)), []);
  assert.deepEqual(ruled(port(80), '*.example'), []);
  assert.match(
    ruled(port(443)).join('\n'),
    /^\?SP1505 .*\n\?SP1527 /,
    'on the wrong port it helps nobody and hurts the other',
  );
  assert.match(
    toldOfMesh(serviceEntry('b', { hosts: ['b.example'], ports: [{ ...https, protocol: 'HTTP' }] }))[0] ?? '',
    /SP1505/,
  );
});

test('a wildcard that is open to every namespace is told under REGISTRY_ONLY', () => {
  const wild = (spec: object) => serviceEntry('w', { hosts: ['*.example.com'], resolution: 'DYNAMIC_DNS', ...spec });
  assert.deepEqual(toldOfMesh(wild({})), []);
  assert.match(
    toldOfMesh(outboundPolicy('REGISTRY_ONLY') + wild({}))[0] ?? '',
    /^\.SP1506 .*any host below example\.com$/,
  );
  assert.deepEqual(toldOfMesh(outboundPolicy('REGISTRY_ONLY') + wild({ exportTo: ['*'] })), []);
});

test('a selector that selects no workload', () => {
  const entry = serviceEntry('a', {
    hosts: ['a.example'],
    resolution: 'STATIC',
    workloadSelector: { labels: { app: 'vm' } },
  });
  assert.deepEqual(toldOfMesh(entry), [
    '?SP1507 ServiceEntry/default/a spec.workloadSelector: no workload of namespace default has the labels app=vm',
  ]);
  assert.deepEqual(toldOfMesh(entry + pod('vm', 'default', { app: 'vm' })), []);
  const elsewhere = toldOfMesh(entry + pod('vm', 'shop', { app: 'vm' }));
  assert.equal(elsewhere.filter((line) => line.includes('SP1507')).length, 1);
});

test('where the mesh gives addresses, TCP hosts are told apart', () => {
  const manifests = ['a', 'b', 'c'].map((name) =>
    serviceEntry(name, { hosts: [`${name}.example`], ports: [tcp(443)] }),
  );
  const text = manifests.join('') + serviceEntry('web', { hosts: ['web.example'], ports: [https] });
  assert.ok(toldOfMesh(text).length > 0);
  const files = [{ name: 'a.yaml', bytes: new TextEncoder().encode(text) }];
  assert.deepEqual(
    analyzeManifests(files, 'default').filter(({ code }) => code.startsWith('SP15')),
    [],
  );
});
