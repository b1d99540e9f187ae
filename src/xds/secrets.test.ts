// Which secrets a view serves: those that its resources refer to, found in its own namespace, and fit for Envoy.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fromBinary } from '@bufbuild/protobuf';
import { createTestAuthority } from '../../test/support/certificates.ts';
import { testProxy } from '../../test/support/memory-view.ts';
import { decodeManifests } from '../api/decode.ts';
import type { KubeObject } from '../api/object.ts';
import { typeUrls } from '../discovery/view.ts';
import { SecretSchema } from '../envoy/gen/envoy/extensions/transport_sockets/tls/v3/secret_pb.js';
import { emptyMesh, type MeshChange, updateMesh } from '../mesh/mesh.ts';
import { createMeshObjects } from '../mesh/mesh-objects.ts';
import { proxyConfigOf } from './proxy-config.ts';
import { createViews } from './views.ts';

const authority = await createTestAuthority();
const first = await authority.issue({ commonName: 'client' });
const second = await authority.issue({ commonName: 'client' });

function rule(tls: object, selected = true): string {
  return JSON.stringify({
    apiVersion: 'networking.istio.io/v1',
    kind: 'DestinationRule',
    metadata: { name: 'rule', namespace: 'default' },
    spec: {
      host: 'api.example.com',
      ...(selected ? { workloadSelector: { matchLabels: { app: 'echo' } } } : {}),
      trafficPolicy: { tls },
    },
  });
}

const entry = `
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: { name: api, namespace: default }
spec:
  hosts: [api.example.com]
  ports: [{ number: 80, name: http, protocol: HTTP, targetPort: 443 }]
  resolution: DNS
`;

function secret(namespace: string, data: Readonly<Record<string, string>>) {
  return { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'client', namespace }, stringData: data };
}

function startView(yaml: string) {
  const objects = createMeshObjects();
  const views = createViews();
  let mesh = emptyMesh;
  const take = (change: MeshChange) => {
    const next = updateMesh(mesh, change);
    mesh = next.mesh;
    views.update(mesh, next.delta);
  };
  const decoded = decodeManifests(`${entry}---\n${yaml}`, 'test.yaml').objects;
  take(objects.translate(decoded.map(({ object }) => ({ type: 'ADDED', object }))));
  const view = views.viewFor({ ...testProxy('echo'), labels: { app: 'echo' } });
  return {
    apply: (object: KubeObject) => take(objects.translate([{ type: 'MODIFIED', object }])),
    remove: (object: KubeObject) => take(objects.translate([{ type: 'DELETED', object }])),
    file: (path: string, content: string | undefined) =>
      take({ files: new Map([[path, content === undefined ? undefined : Buffer.from(content)]]) }),
    names: () => [...view.resources(typeUrls.secret).keys()].sort(),
    certificate(name: string): string | undefined {
      const resource = view.resources(typeUrls.secret).get(name);
      if (resource === undefined) return undefined;
      const { type } = fromBinary(SecretSchema, resource.bytes);
      const chain = type.case === 'tlsCertificate' ? type.value.certificateChain?.specifier : undefined;
      return chain?.case === 'inlineBytes' ? Buffer.from(chain.value).toString() : undefined;
    },
    shown: () => JSON.stringify(proxyConfigOf(view, 'secrets', () => ({ state: 'SYNCED' }))),
  };
}

const mutual = { mode: 'MUTUAL', credentialName: 'client' };
const pair = (issued: { readonly cert: string; readonly key: string }) => ({
  'tls.crt': issued.cert,
  'tls.key': issued.key,
  'ca.crt': authority.root,
});

test('a credential is served from the proxy’s own namespace, as soon as it is there, and no key is shown', () => {
  const view = startView(rule(mutual));
  assert.deepEqual(view.names(), []);
  view.apply(secret('other', pair(first)));
  assert.deepEqual(view.names(), []);
  view.apply(secret('default', pair(first)));
  assert.deepEqual(view.names(), ['kubernetes://client', 'kubernetes://client-cacert']);
  assert.equal(view.certificate('kubernetes://client'), first.cert);
  assert.match(view.shown(), /"subject"/);
  assert.doesNotMatch(view.shown(), /PRIVATE KEY/);
});

test('one that does not fit leaves the last good one in use; one that is gone takes it away', () => {
  const view = startView(rule(mutual));
  view.apply(secret('default', pair(first)));
  view.apply(secret('default', { ...pair(second), 'tls.key': first.key }));
  assert.equal(view.certificate('kubernetes://client'), first.cert);
  view.apply(secret('default', pair(second)));
  assert.equal(view.certificate('kubernetes://client'), second.cert);
  view.remove(secret('default', pair(second)));
  assert.deepEqual(view.names(), []);
});

test('without a workloadSelector no sidecar gets the key', () => {
  const view = startView(rule(mutual, false));
  view.apply(secret('default', pair(first)));
  assert.deepEqual(view.names(), ['kubernetes://client-cacert']);
});

test('files: roots and certificates by their content, the last good one stays', () => {
  const files = { clientCertificate: '/c.pem', privateKey: '/k.pem', caCertificates: '/ca.pem' };
  const view = startView(rule({ mode: 'MUTUAL', ...files }));
  view.file('/c.pem', first.cert);
  view.file('/ca.pem', authority.root);
  assert.deepEqual(view.names(), ['file-root:/ca.pem']);
  view.file('/k.pem', first.key);
  assert.deepEqual(view.names(), ['file-cert:/c.pem~/k.pem', 'file-root:/ca.pem']);
  view.file('/ca.pem', 'no certificate');
  view.file('/c.pem', second.cert);
  assert.equal(view.certificate('file-cert:/c.pem~/k.pem'), first.cert);
  assert.deepEqual(view.names(), ['file-cert:/c.pem~/k.pem', 'file-root:/ca.pem']);
  view.file('/k.pem', second.key);
  assert.equal(view.certificate('file-cert:/c.pem~/k.pem'), second.cert);
});

test('a revocation list that is missing or none leaves nobody trusted, a broken one what was there', async () => {
  const list = await authority.revoke();
  const name = 'file-root:/ca.pem~/crl.pem';
  const view = startView(rule({ mode: 'SIMPLE', caCertificates: '/ca.pem', caCrl: '/crl.pem' }));
  view.file('/ca.pem', authority.root);
  assert.deepEqual(view.names(), []);
  view.file('/crl.pem', 'no list');
  assert.deepEqual(view.names(), []);
  view.file('/crl.pem', list);
  assert.deepEqual(view.names(), [name]);
  view.file('/crl.pem', authority.root);
  assert.deepEqual(view.names(), [name]);
});

test('a revocation list without a CA goes with the system’s roots', async () => {
  const view = startView(rule({ mode: 'SIMPLE', caCrl: '/crl.pem' }));
  view.file('system', authority.root);
  assert.deepEqual(view.names(), []);
  view.file('/crl.pem', await authority.revoke());
  assert.deepEqual(view.names(), ['file-root:system~/crl.pem']);
});

test('nobody is served what nothing refers to', () => {
  const view = startView(rule({ mode: 'DISABLE' }));
  view.apply(secret('default', pair(first)));
  view.file('system', authority.root);
  assert.deepEqual(view.names(), []);
});
