// Which Sidecar holds for whom, and what of the mesh it imports.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hostImportsOf } from './host-imports.ts';
import { emptyMesh, updateMesh } from './mesh.ts';
import { selectSidecar } from './select-sidecar.ts';
import { matchesLabels } from './selector.ts';
import type { Service } from './service.ts';
import type { EgressListener, Sidecar } from './sidecar.ts';
import type { VirtualService } from './virtual-service.ts';

function sidecar(place: string, more: Partial<Sidecar> = {}): Sidecar {
  const [namespace = '', name = ''] = place.split('/');
  return {
    namespace,
    name,
    createdAt: '',
    workloadSelector: undefined,
    egress: [],
    outboundTrafficPolicy: undefined,
    ...more,
  };
}

function meshOf(...sidecars: readonly Sidecar[]) {
  return updateMesh(emptyMesh, { sidecars: [{ before: [], after: sidecars }] }).mesh;
}

test('chosen workloads come first, then all of the namespace, then the root namespace’s; of several the oldest', () => {
  const { sidecars } = meshOf(
    sidecar('istio-system/root'),
    sidecar('istio-system/a-chosen', { workloadSelector: new Map([['app', 'web']]) }),
    sidecar('shop/late', { createdAt: '2026-01-02T00:00:00Z' }),
    sidecar('shop/early', { createdAt: '2026-01-01T00:00:00Z' }),
    sidecar('shop/web', { createdAt: '2026-01-03T00:00:00Z', workloadSelector: new Map([['app', 'web']]) }),
    sidecar('only/web', { workloadSelector: new Map([['app', 'web']]) }),
  );
  for (const [namespace, app, expected] of [
    ['shop', 'web', 'web'],
    ['shop', 'other', 'early'],
    ['only', 'web', 'web'],
    ['only', 'other', 'root'],
    ['nowhere', 'web', 'root'],
    ['istio-system', 'web', 'a-chosen'],
  ] as const) {
    const matches = (selector: ReadonlyMap<string, string>) => matchesLabels(selector, { app });
    assert.equal(selectSidecar(sidecars, { namespace, matches })?.name, expected, `${namespace} ${app}`);
  }
});

const ports = [80, 443].map((number) => ({ number, name: `p${number}`, protocol: 'HTTP' as const }));

function service(place: string): Service {
  const [namespace = '', host = ''] = place.split('/');
  return {
    namespace,
    name: 'one',
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
    endpoints: [],
    subjectAltNames: [],
    trustOriginalDestination: false,
    raceFirstConnect: false,
  };
}

/** `own/a.test`, `~own/b.test`, and `80:` in front for a listener of that port. */
function importsOf(...texts: readonly string[]) {
  const listeners = new Map<number | undefined, EgressListener['hosts'][number][]>();
  for (const text of texts) {
    const [, port, not, namespace = '', host = ''] = /^(?:(\d+):)?(~?)([^/]*)\/(.*)$/.exec(text) ?? [];
    const number = port === undefined ? undefined : Number(port);
    const hosts = listeners.get(number) ?? [];
    listeners.set(number, [...hosts, { namespace, host, excluded: not === '~' }]);
  }
  const egress = [...listeners].map(([port, hosts]) => ({ port, hosts }));
  return hostImportsOf(sidecar('root/one', { egress }), 'own');
}

for (const [imported, place, expected] of [
  ['./*', 'own/a.test', '80,443'],
  ['./*', 'root/a.test', ''],
  ['*/*', 'other/a.test', '80,443'],
  ['other/a.test', 'other/a.test', '80,443'],
  ['other/a.test', 'own/a.test', ''],
  ['other/*.test', 'other/b.a.test', '80,443'],
  ['other/*.test', 'other/*.a.test', '80,443'],
  ['other/*.a.test', 'other/*.test', ''],
  ['other/*.a.test', 'other/a.test', ''],
  ['~/*', 'own/a.test', ''],
  ['*/* ~other/*', 'other/a.test', ''],
  ['*/* ~other/a.test', 'other/b.test', '80,443'],
  ['*/* ~*/a.test', 'own/a.test', ''],
  ['80:./*', 'own/a.test', '80'],
  ['80:./a.test ./b.test', 'own/a.test', '80'],
  ['80:./a.test ./b.test', 'own/b.test', '443'],
  ['80:./a.test */*', 'own/a.test', '80,443'],
] as const) {
  test(`${imported} of ${place}: ${expected === '' ? 'nothing' : expected}`, () => {
    const found = importsOf(...imported.split(' ')).service(service(place));
    assert.equal(found?.ports.map(({ number }) => number).join() ?? '', expected);
  });
}

test('what is narrowed alike is one object', () => {
  const one = service('own/a.test');
  const narrowed = importsOf('80:./*').service(one);
  assert.notEqual(narrowed, one);
  assert.equal(importsOf('80:*/a.test').service(one), narrowed);
  assert.equal(importsOf('./*').service(one), one);
});

test('a VirtualService is imported with any of its hosts, above or below', () => {
  const virtualService: VirtualService = {
    namespace: 'other',
    name: 'one',
    createdAt: '',
    visibility: { public: true },
    hosts: ['*.a.test', 'b.test'],
    gateways: ['mesh'],
    http: [],
    tls: [],
    tcp: [],
    delegates: [],
  };
  for (const [imported, port, expected] of [
    ['other/b.test', undefined, true],
    ['other/*.test', undefined, true],
    ['other/c.a.test', undefined, true],
    ['own/b.test', undefined, false],
    ['other/c.test', undefined, false],
    ['other/b.test ~other/b.test', undefined, false],
    ['80:other/b.test', 80, true],
    ['80:own/* other/b.test', 80, false],
    ['80:own/* other/b.test', 443, true],
  ] as const) {
    const imports = importsOf(...imported.split(' '));
    assert.equal(imports.virtualService(virtualService, port), expected, imported);
  }
});
