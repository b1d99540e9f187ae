// Whose secrets a proxy may have (docs/security.md, P3; CVE-2021-34824): over the wire, asked for by the rightful owner first, so
// that whatever is kept for him is there when others ask for the same names on sockets of their own.
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { fromBinary } from '@bufbuild/protobuf';
import { type AdsResponse, openAdsClient } from '../../test/support/ads-client.ts';
import { createTestAuthority } from '../../test/support/certificates.ts';
import { silentLog } from '../../test/support/discovery.ts';
import { createMemoryView, opaque, testProxy } from '../../test/support/memory-view.ts';
import { decodeManifests } from '../api/decode.ts';
import { createDiscovery } from '../discovery/discovery.ts';
import type { OwnSecrets, ProxyIdentity } from '../discovery/view.ts';
import { SecretSchema } from '../envoy/gen/envoy/extensions/transport_sockets/tls/v3/secret_pb.js';
import { emptyMesh, updateMesh } from '../mesh/mesh.ts';
import { createMeshObjects } from '../mesh/mesh-objects.ts';
import { createViews } from './views.ts';

const authority = await createTestAuthority();
const first = await authority.issue({ commonName: 'client' });
const second = await authority.issue({ commonName: 'client' });

const inShop = `
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: { name: api, namespace: shop }
spec:
  hosts: [api.test]
  ports: [{ number: 80, name: http, protocol: HTTP, targetPort: 443 }]
  resolution: DNS
---
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: { name: files, namespace: shop }
spec:
  hosts: [files.test]
  ports: [{ number: 80, name: http, protocol: HTTP, targetPort: 443 }]
  resolution: DNS
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: { name: files, namespace: shop }
spec:
  host: files.test
  workloadSelector: { matchLabels: { app: buyer } }
  trafficPolicy: { tls: { mode: MUTUAL, clientCertificate: /c.pem, privateKey: /k.pem, caCertificates: /ca.pem } }
`;

const rule = (namespace: string) => `
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: { name: api, namespace: ${namespace} }
spec:
  host: api.test
  workloadSelector: { matchLabels: { app: buyer } }
  trafficPolicy: { tls: { mode: MUTUAL, credentialName: client } }
`;

function secret(issued: { readonly cert: string; readonly key: string }) {
  const stringData = { 'tls.crt': issued.cert, 'tls.key': issued.key, 'ca.crt': authority.root };
  return { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'client', namespace: 'shop' }, stringData };
}

const files = new Map([
  ['/c.pem', Buffer.from(first.cert)],
  ['/k.pem', Buffer.from(first.key)],
  ['/ca.pem', Buffer.from(authority.root)],
]);

/** Of the owner's proxy. */
const names = ['kubernetes://client', 'kubernetes://client-cacert', 'file-cert:/c.pem~/k.pem', 'file-root:/ca.pem'];
/** Ways to write it as another namespace's. */
const places = ['kubernetes://shop/client', 'kubernetes-gateway://shop/client', 'kubernetes://../shop/client'];
const own = ['default', 'ROOTCA'];

/** The views and discovery as they are, with the objects of the namespace `shop`, and those given. */
async function start(t: TestContext, others: string) {
  const folder = await mkdtemp(join(tmpdir(), 'sp-owners-'));
  t.after(() => rm(folder, { recursive: true, force: true }));
  const objects = createMeshObjects();
  const views = createViews();
  let mesh = emptyMesh;
  const take = (change: Parameters<typeof updateMesh>[1]) => {
    const update = updateMesh(mesh, change);
    mesh = update.mesh;
    views.update(mesh, update.delta);
  };
  const apply = (object: Parameters<typeof objects.translate>[0][number]['object']) =>
    take(objects.translate([{ type: 'MODIFIED', object }]));
  for (const { object } of decodeManifests([inShop, rule('shop'), others].join('---\n'), 'a.yaml').objects)
    apply(object);
  take({ files });
  apply(secret(first));

  const discovery = createDiscovery({ views: { ...views, ready: Promise.resolve() }, bootId: 'boot', log: silentLog });
  t.after(() => discovery.close());
  return {
    rotate: () => apply(secret(second)),
    async connect(name: string, namespace: string, labels: ProxyIdentity['labels'] = { app: 'buyer' }) {
      const identity = { ...testProxy(name, namespace), labels };
      const socketPath = join(folder, `${name}.sock`);
      const content = createMemoryView(name);
      content.change({ secret: { set: own.map((one) => opaque(one, `of ${name}`)) } });
      const ownSecrets: OwnSecrets = Object.assign(content, { names: new Set(own) });
      await discovery.serveProxy({ identity, socketPath, ownSecrets });
      return openAdsClient({ t, address: `unix:${socketPath}`, nodeId: identity.nodeId });
    },
  };
}

function certificateIn(response: AdsResponse, name: string): string {
  const bytes = response.message.resources.find((one) => one.name === name)?.resource?.value ?? new Uint8Array();
  const { type } = fromBinary(SecretSchema, bytes);
  const chain = type.case === 'tlsCertificate' ? type.value.certificateChain?.specifier : undefined;
  return chain?.case === 'inlineBytes' ? Buffer.from(chain.value).toString() : '';
}

const sorted = (texts: readonly string[]) => [...texts].sort();

for (const [who, namespace, labels, others] of [
  ['of another namespace', 'other', { app: 'buyer' }, ''],
  ['of another namespace whose own rule names a Secret so', 'other', { app: 'buyer' }, rule('other')],
  ['of the root namespace', 'istio-system', { app: 'buyer' }, ''],
] as const) {
  test(`a proxy ${who} gets nothing of what the owner has, asked for after him by the same names`, async (t) => {
    const mesh = await start(t, others);
    const owner = await mesh.connect('owner', 'shop');
    owner.ask('secret', { subscribe: names });
    const served = await owner.take();
    assert.deepEqual(sorted(served.updated), sorted(names));
    assert.equal(certificateIn(served, 'kubernetes://client'), first.cert);

    const thief = await mesh.connect('thief', namespace, labels);
    thief.ask('secret', { subscribe: [...names, ...places] });
    const refused = await thief.take();
    assert.deepEqual([refused.updated, sorted(refused.removed)], [[], sorted([...names, ...places])]);

    // The owner goes on; the next answer to the other is to the question after it.
    mesh.rotate();
    const renewed = await owner.take();
    assert.equal(certificateIn(renewed, 'kubernetes://client'), second.cert);
    thief.ask('secret', { subscribe: ['kubernetes://client'] });
    const again = await thief.take();
    assert.deepEqual([again.updated, again.removed], [[], ['kubernetes://client']]);
    assert.equal(thief.responses.items.length, 2);
  });
}

test('neither does a proxy beside the owner that the rule does not choose', async (t) => {
  const mesh = await start(t, '');
  const owner = await mesh.connect('owner', 'shop');
  owner.ask('secret', { subscribe: names });
  assert.deepEqual(sorted((await owner.take()).updated), sorted(names));
  const thief = await mesh.connect('thief', 'shop', { app: 'another' });
  thief.ask('secret', { subscribe: names });
  const refused = await thief.take();
  assert.deepEqual([refused.updated, sorted(refused.removed)], [[], sorted(names)]);
});

test('names that every proxy has are its own', async (t) => {
  const mesh = await start(t, '');
  for (const [name, namespace] of [
    ['owner', 'shop'],
    ['thief', 'other'],
  ] as const) {
    const client = await mesh.connect(name, namespace);
    client.ask('secret', { subscribe: own });
    const { message } = await client.take();
    assert.deepEqual(
      message.resources.map((one) => [one.name, one.version]),
      own.map((one) => [one, `of ${name}`]),
    );
  }
});
