import assert from 'node:assert/strict';
import { test } from 'node:test';
import { emptyMesh } from './mesh.ts';
import { selectService } from './select-service.ts';
import type { Service } from './service.ts';
import { visibilityOf } from './visibility.ts';

/** Where nobody reaches what is not registered. */
const mesh = { ...emptyMesh, config: { ...emptyMesh.config, outboundTrafficPolicy: 'REGISTRY_ONLY' } } as const;

function select(claims: readonly Service[], namespace: string): Service | undefined {
  return selectService(mesh, 'a.test', { namespace, proxy: 'sidecar' }, claims);
}

function service(overrides: Partial<Service> & { readonly exportTo?: readonly string[] }): Service {
  const { exportTo, ...rest } = overrides;
  const namespace = rest.namespace ?? 'default';
  return {
    host: 'a.test',
    aliases: [],
    localAliases: [],
    source: 'ServiceEntry',
    namespace,
    name: 'entry',
    createdAt: '2026-01-01T00:00:00Z',
    visibility: visibilityOf(exportTo, namespace),
    resolution: 'DNS',
    external: true,
    addresses: [],
    ports: [{ number: 80, name: 'http', protocol: 'HTTP' }],
    endpoints: [],
    subjectAltNames: [],
    trustOriginalDestination: false,
    raceFirstConnect: false,
    ...rest,
  };
}

test('nothing visible, nothing selected', () => {
  assert.equal(select([], 'default'), undefined);
  assert.equal(select([service({ namespace: 'other', exportTo: ['.'] })], 'default'), undefined);
});

test('an entry of the own namespace beats an older one of another', () => {
  const foreign = service({ namespace: 'other' });
  const own = service({ createdAt: '2026-02-01T00:00:00Z' });
  assert.equal(select([foreign, own], 'default'), own);
});

test('a Kubernetes Service of another namespace beats entries of others', () => {
  const entry = service({ namespace: 'evil' });
  const kube = service({ namespace: 'shop', source: 'Service', createdAt: '2026-02-01T00:00:00Z' });
  assert.equal(select([entry, kube], 'default'), kube);
});

test('among strangers the oldest wins', () => {
  const older = service({ namespace: 'one' });
  const younger = service({ namespace: 'two', createdAt: '2026-02-01T00:00:00Z' });
  assert.equal(select([older, younger], 'default'), older);
});

test('ports of equal entries of one namespace come together, others are left out whole', () => {
  const alt = { number: 8080, name: 'alt', protocol: 'HTTP' } as const;
  const first = service({});
  const second = service({ name: 'second', ports: [alt] });
  assert.deepEqual(
    select([first, second], 'default')?.ports.map((port) => port.number),
    [80, 8080],
  );
  const other = service({ name: 'second', ports: [alt], resolution: 'STATIC' });
  assert.equal(select([first, other], 'default'), first);
  const hidden = service({ name: 'second', ports: [alt], exportTo: ['.'] });
  assert.equal(select([first, hidden], 'default'), first);
});

test('an added port has the endpoints of its own entry, whatever the labels', () => {
  const at = (address: string) => [{ address, ports: new Map(), labels: {} }];
  const first = service({ resolution: 'STATIC', endpoints: at('192.0.2.1') });
  const alt = { number: 8080, name: 'alt', protocol: 'HTTP' } as const;
  const workloads = new Map([['app', 'a']]);
  const second = service({ name: 'second', ports: [alt], resolution: 'STATIC', endpoints: at('192.0.2.2'), workloads });
  const [own, added] = select([first, second], 'default')?.ports ?? [];
  assert.deepEqual([own?.from, added?.from], [undefined, second]);
});

test('an address that was given to one of two entries of a host is that of both', () => {
  const tcp = { number: 5432, name: 'tcp', protocol: 'TCP' } as const;
  const second = service({ name: 'second', ports: [tcp], addresses: ['240.240.0.1'], autoAllocated: true });
  for (const claims of [
    [service({}), second],
    [second, service({})],
  ]) {
    const merged = select(claims, 'default');
    assert.deepEqual([merged?.ports.length, merged?.addresses, merged?.autoAllocated], [2, ['240.240.0.1'], true]);
  }
});

test('what was merged is the same object again, until one of them changes', () => {
  const alt = { number: 8080, name: 'alt', protocol: 'HTTP' } as const;
  const first = service({});
  const second = service({ name: 'second', ports: [alt] });
  const merged = select([first, second], 'default');
  assert.notEqual(merged, first);
  assert.equal(select([first, second], 'other'), merged);
  assert.notEqual(select([first, service({ name: 'second', ports: [alt] })], 'default'), merged);
});

test('where one entry trusts the address that its callers connected to, the ports of another that does not stay apart', () => {
  const alt = { number: 8080, name: 'alt', protocol: 'HTTP' } as const;
  const ranged = { resolution: 'NONE', addresses: ['192.0.2.0/24'] } as const;
  const trusting = service({ ...ranged, trustOriginalDestination: true });
  const other = service({ ...ranged, name: 'second', ports: [alt] });
  assert.equal(select([trusting, other], 'default'), trusting);
  assert.equal(select([other, trusting], 'default'), other);
});

test('a port that two entries give is taken from the older one', () => {
  const tls = { number: 80, name: 'tls', protocol: 'TLS' } as const;
  const first = service({});
  assert.equal(select([first, service({ name: 'second', ports: [tls] })], 'default'), first);
});
