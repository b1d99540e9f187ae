import assert from 'node:assert/strict';
import { test } from 'node:test';
import { serviceEntry } from '../../test/support/mesh.ts';
import { destinationRule, gateway, virtualService } from '../../test/support/networking.ts';
import { pod, toldOfMesh } from './testing/told.ts';

const http = { number: 80, name: 'http', protocol: 'HTTP' };
const https = { number: 443, name: 'https', protocol: 'HTTPS' };
const egress = 'istio-egressgateway.istio-system.svc.cluster.local';
const registered = serviceEntry('a', { hosts: ['a.example'], ports: [http] });
const to = (destination: object, match?: object) => ({
  ...(match === undefined ? {} : { match: [match] }),
  route: [{ destination }],
});
const shop = { namespace: 'shop' };

test('destinations that lead nowhere', () => {
  const sent = (destination: object, more = '') =>
    toldOfMesh(registered + more + virtualService('vs', { hosts: ['a.example'], http: [to(destination)] }));
  assert.deepEqual(sent({ host: 'a.example' }), []);
  assert.deepEqual(sent({ host: 'b.example' }), [
    '!SP1511 VirtualService/default/vs spec.http[0].route[0].destination.host: no ServiceEntry or Service has the host b.example',
  ]);
  assert.match(sent({ host: 'reviews' })[0] ?? '', /no Service has the host reviews\.default\.svc\.cluster\.local$/);
  assert.deepEqual(sent({ host: 'a.example', port: { number: 8080 } }), [
    '!SP1513 VirtualService/default/vs spec.http[0].route[0].destination.port.number: a.example of ServiceEntry/default/a has no port 8080; it has 80',
  ]);
  const wildcard = serviceEntry('w', { hosts: ['*.wild.example'], resolution: 'DYNAMIC_DNS' });
  assert.match(
    sent({ host: 'b.wild.example' }, wildcard)[0] ?? '',
    /^!SP1511 .*by the wildcard \*\.wild\.example .*alone/,
  );
  assert.deepEqual(sent({ host: '*.wild.example' }, wildcard), []);
  const closed = serviceEntry('b', { hosts: ['b.example'], exportTo: ['.'] }, shop);
  assert.match(
    sent({ host: 'b.example' }, closed)[0] ?? '',
    /^!SP1512 .*ServiceEntry\/shop\/b is not exported to sidecars of default/,
  );
});

test('HTTP that is sent to a TLS port in the clear', () => {
  const vs = virtualService('vs', {
    hosts: ['a.example'],
    http: [to({ host: 'a.example', port: { number: 443 } }, { port: 80 })],
  });
  const both = serviceEntry('a', { hosts: ['a.example'], ports: [http, https] });
  const rule = destinationRule('a', {
    host: 'a.example',
    trafficPolicy: { portLevelSettings: [{ port: { number: 443 }, tls: { mode: 'SIMPLE' } }] },
  });
  assert.match(toldOfMesh(both + vs)[0] ?? '', /^\?SP1505 .*in the clear to port 443 of a\.example/);
  assert.deepEqual(toldOfMesh(both + rule + vs), [], 'and what the rule wraps is HTTP');
});

test('subsets that nobody defines, and those that clients do not find', () => {
  const vs = virtualService('vs', {
    hosts: ['a.example'],
    http: [to({ host: egress, subset: 'a', port: { number: 80 } })],
  });
  const rule = (metadata = {}) => destinationRule('gw', { host: egress, subsets: [{ name: 'a' }] }, metadata);
  const inDefault = pod('one') + registered + vs;
  assert.match(
    toldOfMesh(inDefault)[0] ?? '',
    /^!SP1514 .*no DestinationRule for istio-egressgateway.* has a subset a$/,
  );
  assert.deepEqual(toldOfMesh(inDefault + rule()), []);
  assert.match(
    toldOfMesh(inDefault + pod('two', 'test-egress') + rule())[0] ?? '',
    /^\?SP1515 .*sidecars of test-egress do not find subset a of DestinationRule\/default\/gw/,
  );
  assert.deepEqual(toldOfMesh(inDefault + pod('two', 'test-egress') + rule() + rule({ namespace: 'test-egress' })), []);
  assert.deepEqual(toldOfMesh(inDefault + pod('two', 'test-egress') + rule({ namespace: 'istio-system' })), []);
});

test('of several VirtualServices for a host one counts', () => {
  const vs = (name: string, metadata = {}, spec = {}) =>
    virtualService(name, { hosts: ['a.example'], http: [to({ host: 'a.example' })], ...spec }, metadata);
  assert.deepEqual(toldOfMesh(registered + vs('one') + vs('two')), [
    '!SP1516 VirtualService/default/two spec.hosts[0]: a.example is that of VirtualService/default/one too, and its rules alone hold',
  ]);
  assert.match(
    toldOfMesh(registered + pod('p', 'shop') + vs('one', {}, { exportTo: ['.'] }) + vs('two'))[0] ?? '',
    /^\?SP1516 .*its rules alone hold at sidecars of default$/,
  );
  assert.match(
    toldOfMesh(registered + vs('one', shop))[0] ?? '',
    /^\?SP1552 VirtualService\/shop\/one spec\.hosts\[0\]: its rules for a\.example count in namespace shop alone: .* ServiceEntry\/default\/a$/,
  );
  assert.deepEqual(toldOfMesh(registered + vs('one', shop, { exportTo: ['.'] })), []);
});

const selector = { istio: 'egressgateway' };
const server = { port: http, hosts: ['a.example'] };

test('gateways that are not there, or do not answer the host', () => {
  const bound = (gateways: readonly string[], more = '') =>
    toldOfMesh(
      registered + more + virtualService('vs', { hosts: ['a.example'], gateways, http: [to({ host: 'a.example' })] }),
    );
  assert.deepEqual(bound(['gone']), [
    '!SP1518 VirtualService/default/vs spec.gateways[0]: there is no Gateway default/gone',
  ]);
  assert.deepEqual(bound(['gw'], gateway('gw', { selector, servers: [server] })), []);
  const other = gateway('gw', { selector, servers: [{ ...server, hosts: ['b.example'] }] });
  assert.match(bound(['gw'], other).join('\n'), /!SP1519 .*answers none of a\.example, but b\.example/);
  const reserved = gateway('gw', { selector, servers: [{ ...server, hosts: ['shop/a.example'] }] });
  assert.match(bound(['gw'], reserved).join('\n'), /!SP1519 .*does not answer a\.example for namespace default/);
  const delegating = { hosts: ['a.example'], http: [{ match: [{ uri: { prefix: '/x' } }], delegate: { name: 'd' } }] };
  assert.match(
    toldOfMesh(registered + virtualService('vs', delegating))[0] ?? '',
    /^!SP0732 .*no VirtualService default\/d$/,
  );
});

test('a rule that the gateway itself follows, back to itself', () => {
  const looped = (match?: object) =>
    toldOfMesh(
      registered +
        gateway('gw', { selector, servers: [server] }) +
        virtualService('vs', {
          hosts: ['a.example'],
          gateways: ['mesh', 'gw'],
          http: [
            to({ host: egress, port: { number: 80 } }, match),
            to({ host: 'a.example' }, { gateways: ['gw'], port: 80 }),
          ],
        }),
    );
  assert.match(
    looped()[0] ?? '',
    /^!SP1520 VirtualService\/default\/vs spec\.http\[0\]\.route\[0\]\.destination: the rule holds at Gateway\/default\/gw too/,
  );
  assert.match(looped({ port: 80 })[0] ?? '', /SP1520/);
  assert.deepEqual(looped({ gateways: ['mesh'] }), []);
});

test('resolution NONE cannot be followed at a gateway', () => {
  const entry = serviceEntry('n', { hosts: ['n.example'], resolution: 'NONE', addresses: ['192.0.2.1'] });
  const vs = virtualService('vs', { hosts: ['a.example'], gateways: ['gw'], http: [to({ host: 'n.example' })] });
  const told = toldOfMesh(registered + entry + gateway('gw', { selector, servers: [server] }) + vs);
  assert.match(
    told[0] ?? '',
    /^!SP1532 .*gateway default\/gw cannot follow resolution NONE of ServiceEntry\/default\/n/,
  );
});

test('rules for a protocol that the host does not speak', () => {
  const secure = serviceEntry('a', { hosts: ['a.example'], ports: [https] });
  const vs = (spec: object) => virtualService('vs', { hosts: ['a.example'], ...spec });
  const timeout = { http: [{ timeout: '3s', route: [{ destination: { host: 'a.example' } }] }] };
  assert.match(
    toldOfMesh(secure + vs(timeout)).join('\n'),
    /\?SP1521 VirtualService\/default\/vs spec\.http: no port of a\.example is for http rules: ServiceEntry\/default\/a has 443 HTTPS/,
  );
  assert.deepEqual(toldOfMesh(registered + vs(timeout)), []);
  const tls = { tls: [{ match: [{ sniHosts: ['a.example'] }], route: [{ destination: { host: 'a.example' } }] }] };
  assert.deepEqual(toldOfMesh(secure + vs(tls)), []);
  assert.match(toldOfMesh(registered + vs(tls))[0] ?? '', /^\?SP1521 .*for tls rules/);
});
