import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ServiceEntry } from '../api/kinds/service-entry.ts';
import { translateServiceEntry } from './translate-service-entry.ts';

function entry(spec: Partial<ServiceEntry['spec']>, annotations: Record<string, string> = {}): ServiceEntry {
  return {
    apiVersion: 'networking.istio.io/v1',
    kind: 'ServiceEntry',
    metadata: { name: 'entry', namespace: 'default', annotations },
    spec: { hosts: ['a.test'], ...spec },
  };
}

test('one service for each host, in one form of writing', () => {
  const hosts = translateServiceEntry(entry({ hosts: ['A.Test.', 'a.test', '*.B.test', 'bücher.example'] }));
  assert.deepEqual(
    hosts.map(({ host }) => host),
    ['a.test', '*.b.test', 'xn--bcher-kva.example'],
  );
});

test('NONE without addresses is resolved by its name, unless the caller is trusted', () => {
  const resolution = (...args: Parameters<typeof entry>) =>
    translateServiceEntry(entry(...args)).map((one) => one.resolution);
  assert.deepEqual(resolution({ resolution: 'NONE', hosts: ['a.test', '*.b.test'] }), ['DNS', 'DYNAMIC_DNS']);
  assert.deepEqual(resolution({ resolution: 'NONE', addresses: ['192.0.2.0/24'] }), ['NONE']);
  assert.deepEqual(resolution({ resolution: 'NONE' }, { 'egress.sallyport.dev/original-destination': 'trust' }), [
    'NONE',
  ]);
  assert.deepEqual(resolution({ resolution: 'NONE' }, { 'egress.sallyport.dev/original-destination': 'yes' }), ['DNS']);
});

test('an address with the mask of one host is that address', () => {
  const [service] = translateServiceEntry(entry({ addresses: ['192.0.2.1/32', '192.0.2.0/24', '2001:db8::1/128'] }));
  assert.deepEqual(service?.addresses, ['192.0.2.1', '192.0.2.0/24', '2001:db8::1']);
});

test('a port keeps its protocol whatever its case, an empty one is detected', () => {
  const ports = [
    { number: 80, name: 'tcp-looks-like', protocol: 'http' },
    { number: 81, name: 'http-looks-like' },
  ];
  const [service] = translateServiceEntry(entry({ ports }));
  assert.deepEqual(
    service?.ports.map(({ protocol }) => protocol),
    ['HTTP', 'auto'],
  );
});
