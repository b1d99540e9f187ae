// Which services a port rule changes, and that it leaves all others the very objects that they were: what was built from
// them is then still theirs.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { translateServiceEntry } from '../../mesh/translate-service-entry.ts';
import { createPortRules } from './port-rules.ts';

type Entry = Parameters<typeof translateServiceEntry>[0];
type Spec = Omit<Entry['spec'], 'ports'>;

const ports = [
  { number: 80, name: 'http', protocol: 'HTTP' },
  { number: 443, name: 'tls', protocol: 'TLS' },
];

function serviceOf(spec: Spec) {
  const [service] = translateServiceEntry({
    apiVersion: 'networking.istio.io/v1',
    kind: 'ServiceEntry',
    metadata: { name: 'x', namespace: 'default' },
    spec: { ...spec, ports },
  });
  assert.ok(service);
  return service;
}

const rules = createPortRules([
  { host: 'a.test', port: 443, address: '192.0.2.1', targetPort: 8443 },
  { host: 'a.test', address: '192.0.2.1', targetPort: 8000 },
  { host: 'plain.test', address: '192.0.2.1' },
]);

test('a host without endpoints dials the target port, the rule for the port before the one for any', () => {
  const service = rules.apply(serviceOf({ hosts: ['a.test'], resolution: 'DNS' }));
  assert.deepEqual(
    service.ports.map(({ number, targetPort }) => [number, targetPort]),
    [
      [80, 8000],
      [443, 8443],
    ],
  );
});

test('an endpoint of that name dials it, under whatever host', () => {
  const service = rules.apply(
    serviceOf({ hosts: ['b.test'], resolution: 'DNS', endpoints: [{ address: 'a.test', ports: { http: 8080 } }] }),
  );
  assert.deepEqual(
    [...(service.endpoints[0]?.ports ?? [])],
    [
      ['http', 8000],
      ['tls', 8443],
    ],
  );
});

test('what no rule concerns stays the same object, and what one does is made once', () => {
  const other = serviceOf({ hosts: ['b.test'], resolution: 'DNS' });
  assert.equal(rules.apply(other), other);
  const plain = serviceOf({ hosts: ['plain.test'], resolution: 'DNS' });
  assert.equal(rules.apply(plain), plain);
  const service = serviceOf({ hosts: ['a.test'], resolution: 'DNS' });
  assert.equal(rules.apply(service), rules.apply(service));
});

test('a host below a wildcard has the ports of the wildcard that a rule maps', () => {
  const below = createPortRules([{ host: 'one.wild.test', port: 443, address: '192.0.2.1', targetPort: 8443 }]);
  const wildcard = serviceOf({ hosts: ['*.wild.test'], resolution: 'NONE' });
  assert.deepEqual(below.hostsBelow('*.wild.test'), ['one.wild.test']);
  assert.deepEqual(below.hostsBelow('wild.test'), []);
  const narrowed = below.narrow(wildcard, 'one.wild.test');
  assert.deepEqual(
    narrowed?.ports.map(({ number, targetPort }) => [number, targetPort]),
    [[443, 8443]],
  );
  assert.equal(below.narrow(wildcard, 'one.wild.test'), narrowed);
  assert.equal(below.narrow(wildcard, 'two.wild.test'), undefined);
});
