// The certificate authority of a mesh that runs: what a proxy is given on its own socket and nobody else anywhere, a restart,
// the root replaced, and the user's own authority from a Secret and from files.
import assert from 'node:assert/strict';
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { fromBinary } from '@bufbuild/protobuf';
import type { DataSource } from '../../src/envoy/gen/envoy/config/core/v3/base_pb.js';
import { SecretSchema } from '../../src/envoy/gen/envoy/extensions/transport_sockets/tls/v3/secret_pb.js';
import type { AuthorityStatus } from '../../src/identity/authority-status.ts';
import { readCertificates } from '../../src/identity/pem-certificates.ts';
import { makeIssuer, userFiles } from '../../src/identity/testing/user-files.ts';
import { dataFolder } from '../../src/platform/data-folder.ts';
import { requestJson } from '../../src/platform/unix-http.ts';
import type { DiagnosticsBody, PodsBody, ProxiesBody } from '../../src/server/wire.ts';
import { type AdsResponse, openAdsClient } from '../support/ads-client.ts';
import { startMesh, type TestMesh } from '../support/mesh.ts';
import { needs } from '../support/requires.ts';
import { until } from '../support/until.ts';

/** PEM of what a response brings under a name. */
function contentOf(response: AdsResponse, name: string) {
  const bytes = response.message.resources.find((one) => one.name === name)?.resource?.value;
  const { type } = fromBinary(SecretSchema, bytes ?? Buffer.alloc(0));
  const text = (source: DataSource | undefined) =>
    source?.specifier.case === 'inlineBytes' ? Buffer.from(source.specifier.value).toString() : '';
  if (type.case === 'tlsCertificate') {
    return { certificate: text(type.value.certificateChain), key: text(type.value.privateKey) };
  }
  return { certificate: type.case === 'validationContext' ? text(type.value.trustedCa) : '', key: '' };
}

async function places(mesh: TestMesh) {
  const ask = async <T>(path: string) =>
    (await requestJson({ socketPath: dataFolder(mesh.data).apiSocket, path })).body as T;
  const { pods } = await ask<PodsBody>('/v1/pods');
  const { proxies } = await until('both are connected', async () => {
    const found = await ask<ProxiesBody>('/v1/proxies');
    return ['one', 'two'].every((name) => found.proxies.some((proxy) => proxy.name === name)) && found;
  });
  return (name: string) => ({
    socket: `unix:${pods.find((pod) => pod.name === name)?.xdsPath}/xds.sock`,
    nodeId: proxies.find((proxy) => proxy.name === name)?.nodeId ?? '',
  });
}

async function authorityOf(mesh: TestMesh): Promise<AuthorityStatus> {
  return JSON.parse(await mesh.run('ca', '-o', 'json'));
}

function steady(mesh: TestMesh, fits: (authority: AuthorityStatus) => boolean): Promise<AuthorityStatus> {
  return until(
    'the rotation is over',
    async () => {
      const authority = await authorityOf(mesh);
      return authority.rotation === undefined && fits(authority) && authority;
    },
    60_000,
  );
}

async function start(t: TestContext) {
  const mesh = await startMesh(t);
  await mesh.workload('one');
  await mesh.workload('two');
  return mesh;
}

describe('the identity of workloads', needs('root', 'iproute2', 'firewall'), () => {
  it('is served on the socket of the proxy that it belongs to, and to nobody else', async (t) => {
    const mesh = await start(t);
    const placeOf = await places(mesh);
    const [one, two] = [placeOf('one'), placeOf('two')];
    const thief = openAdsClient({ t, address: one.socket, nodeId: two.nodeId });
    thief.ask('secret', { subscribe: ['default', 'ROOTCA'] });
    assert.equal((await thief.ended).code, 'PERMISSION_DENIED');
    assert.equal(thief.responses.items.length, 0);

    const client = openAdsClient({ t, address: one.socket, nodeId: one.nodeId });
    client.ask('secret', { subscribe: ['default', 'ROOTCA'] });
    const response = await client.take();
    const { certificate, key } = contentOf(response, 'default');
    const [root] = readCertificates(contentOf(response, 'ROOTCA').certificate);
    const leaf = new X509Certificate(certificate);
    assert.equal(leaf.subjectAltName, 'URI:spiffe://cluster.local/ns/default/sa/default');
    assert.ok(root !== undefined && leaf.verify(root.publicKey) && leaf.checkPrivateKey(createPrivateKey(key)));

    const shown = await mesh.run('proxy-config', 'secrets', 'one');
    assert.match(shown, /^default +Cert Chain +true .* spiffe:\/\/cluster\.local\/ns\/default\/sa\/default +SYNCED/m);
    assert.match(shown, /^ROOTCA +CA +true .* SYNCED/m);
    for (const line of key.split('\n').filter((text) => text.length > 20 && !text.startsWith('-'))) {
      for (const output of [
        await mesh.run('proxy-config', 'all', 'one', '-o', 'json'),
        await mesh.run('ca', '-o', 'json'),
      ]) {
        assert.ok(!output.includes(line));
      }
    }
    // The other one has a key and a certificate of its own.
    const serialIn = (text: string) => /^default +Cert Chain +true +(\w+) /m.exec(text)?.[1];
    const other = serialIn(await mesh.run('proxy-config', 'secrets', 'two'));
    assert.ok(other !== undefined && other !== serialIn(shown));
    assert.equal((await authorityOf(mesh)).certificates, 2);

    // The same on the socket: a new root reaches it with the old, and then alone.
    await mesh.run('ca', 'rotate');
    const both = await client.take();
    assert.equal(readCertificates(contentOf(both, 'ROOTCA').certificate).length, 2);
    const renewed = await client.take();
    assert.notEqual(contentOf(renewed, 'default').certificate, certificate);
    const alone = await client.take();
    const [next, ...others] = readCertificates(contentOf(alone, 'ROOTCA').certificate);
    assert.deepEqual(others, []);
    assert.notEqual(next?.fingerprint256, root.fingerprint256);
    await steady(mesh, ({ issuer }) => issuer.fingerprint === next?.fingerprint256);
  });

  it("keeps its root over a restart, and follows the user's from a Secret and from files", async (t) => {
    const mesh = await start(t);
    const folder = mkdtempSync(join(tmpdir(), 'sallyport-ca-'));
    t.after(() => rmSync(folder, { recursive: true, force: true }));
    const { issuer, source } = await authorityOf(mesh);
    assert.equal(source, 'own');
    const { caFile } = dataFolder(mesh.data);
    assert.equal(statSync(caFile).mode & 0o777, 0o600);
    assert.match(await mesh.run('up', '--detach', '--workload-cert-ttl', '1h'), /--workload-cert-ttl 86400s -> 3600s/);
    const again = await authorityOf(mesh);
    assert.deepEqual([again.issuer, again.certificateLifeSeconds], [issuer, 3600]);

    const secret = (files: Readonly<Record<string, string>>) =>
      JSON.stringify({
        apiVersion: 'v1',
        kind: 'Secret',
        metadata: { name: 'cacerts', namespace: 'istio-system' },
        stringData: files,
      });
    const root = await makeIssuer({ name: 'root of mine' });
    const signer = await makeIssuer({ name: 'signer of mine', under: root });
    const files = userFiles({ signer, roots: [root] });
    await mesh.apply(secret({ ...files, 'ca-key.pem': 'nonsense' }));
    const problem = await until('the problem is told', async () => (await authorityOf(mesh)).problem);
    assert.deepEqual(problem, {
      source: 'Secret/istio-system/cacerts',
      message: 'ca-key.pem is no private key',
      hint: 'give it in PEM, without a password',
    });
    assert.deepEqual((await authorityOf(mesh)).issuer, issuer);
    const told = async (place: string) => {
      const { diagnostics }: DiagnosticsBody = JSON.parse((await mesh.cli('analyze', '-o', 'json')).stdout);
      return diagnostics.some(
        ({ code, path, source }) => code === 'SP1111' && (path === place || source?.file === place),
      );
    };
    await until('it is told of the Secret', () => told('stringData["ca-key.pem"]'));
    const described = () => mesh.run('describe', 'secret', 'cacerts', '-n', 'istio-system');
    assert.match(await described(), /^ +error: Secret.*ca-key\.pem is no private key/m);

    await mesh.apply(secret(files));
    const adopted = await steady(mesh, (one) => one.source === 'Secret/istio-system/cacerts');
    assert.deepEqual(
      [adopted.issuer.subject, adopted.roots.map(({ subject }) => subject), adopted.problem],
      ['CN=signer of mine', ['CN=root of mine'], undefined],
    );
    const refused = await mesh.cli('ca', 'rotate');
    assert.deepEqual([refused.code, /the authority is yours/.test(refused.stderr)], [1, true]);

    const other = await makeIssuer({ name: 'in the folder' });
    for (const [name, text] of Object.entries(userFiles({ signer: other, roots: [other] }))) {
      writeFileSync(join(folder, name), text);
    }
    await mesh.run('up', '--detach', '--ca-dir', folder);
    await steady(mesh, (one) => one.source === folder && one.issuer.subject === 'CN=in the folder');
    assert.match(await described(), /^Diagnostics: +<none>$/m);
    writeFileSync(join(folder, 'ca-key.pem'), 'nonsense');
    await until('it is told of the file', () => told(join(folder, 'ca-key.pem')));
    const later = await makeIssuer({ name: 'later' });
    for (const [name, text] of Object.entries(userFiles({ signer: later, roots: [later] }))) {
      writeFileSync(join(folder, name), text);
    }
    await steady(mesh, ({ roots }) => roots.length === 1 && roots[0]?.subject === 'CN=later');
  });
});
