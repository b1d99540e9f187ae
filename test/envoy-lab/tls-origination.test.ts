// TLS that Envoy begins: nothing leaves before its secrets are there, nothing in the clear ever, and a server that is not
// the right one gets no request.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createTestAuthority, type IssueOptions } from '../support/certificates.ts';
import { httpCall, requestOver, tcpConnect } from '../support/http-client.ts';
import { until } from '../support/until.ts';
import { listener, tcpProxy, virtualHost } from './envoy-json.ts';
import { certificateSecret, plainEntry, rootsSecret, startSecretMesh, tlsCluster } from './secret-mesh.ts';
import { startTappedServer } from './tapped-server.ts';

const staticListeners = [plainEntry([virtualHost('all', ['*'], 'up')])];
/** What a caller is told of any failure of TLS: no name, no reason. */
const connectionFailure =
  'upstream connect error or disconnect/reset before headers. reset reason: remote connection failure';

test('without its secrets a cluster answers 503 and sends no byte; they make it right without a new cluster', async (t) => {
  const authority = await createTestAuthority();
  const certificate = await authority.issue({ commonName: 'a.test' });
  const tls = { ...certificate, ca: authority.root, requestCert: true, rejectUnauthorized: true };
  const outside = await startTappedServer(t, tls);
  const wanted = { certificateSecret: 'client', validationSecret: 'roots', subjectAltNames: ['a.test'], sni: 'a.test' };
  const clusters = [tlsCluster('up', outside.port, wanted)];
  const { envoy, stream, push } = await startSecretMesh(t, { clusters, staticListeners });
  const call = async () => httpCall({ port: await envoy.listenerPort('in'), host: 'a.test' });
  const refused = async () => {
    const { status, body } = await call();
    assert.deepEqual({ status, body }, { status: 503, body: connectionFailure });
    assert.match(await envoy.stdout.next(), /^503 UF .*Secret_is_not_supplied_by_SDS/);
    assert.equal(outside.bytes().length, 0);
  };

  assert.deepEqual([...(await stream.subscription('SDS')).resourceNamesSubscribe].sort(), ['client', 'roots']);
  await refused();
  await push(rootsSecret('roots', authority.root));
  await refused();
  await push(certificateSecret('client', await authority.issue({ commonName: 'one of us' })));
  await until('the request passes', async () => (await call()).status === 200);
  assert.equal((await outside.requests.next()).client, 'one of us');
  assert.equal(await envoy.stat('cluster_manager.cluster_modified'), 0);
});

interface WrongServer {
  readonly name: string;
  readonly certificate: IssueOptions;
  readonly stranger?: boolean;
  /** In the log, not in the answer. */
  readonly reason: RegExp;
}

const wrongServers: readonly WrongServer[] = [
  { name: 'expired', certificate: { commonName: 'a.test', expired: true }, reason: /certificate_has_expired/ },
  { name: 'for another name', certificate: { commonName: 'b.test' }, reason: /SANs_are_\[b\.test\]/ },
  { name: "a stranger's", certificate: { commonName: 'a.test' }, stranger: true, reason: /unable_to_get_local_issuer/ },
];

for (const { name, certificate, stranger = false, reason } of wrongServers) {
  for (const [way, names] of [['by listed names', { subjectAltNames: ['a.test'] }]] as const) {
    test(`a certificate that is ${name}, judged ${way}: 503, the reason in the log alone, no request`, async (t) => {
      const authority = await createTestAuthority();
      const issuer = stranger ? await createTestAuthority('stranger') : authority;
      const outside = await startTappedServer(t, await issuer.issue(certificate));
      const clusters = [tlsCluster('up', outside.port, { validationSecret: 'roots', sni: 'a.test', ...names })];
      const secrets = [rootsSecret('roots', authority.root)];
      const { envoy } = await startSecretMesh(t, { clusters, staticListeners, secrets });
      const headers = { canary: 'canary' };
      const answer = await httpCall({ port: await envoy.listenerPort('in'), host: 'a.test', headers });
      assert.deepEqual({ status: answer.status, body: answer.body }, { status: 503, body: connectionFailure });
      const line = await envoy.stdout.next();
      assert.match(line, /^503 UF /);
      assert.match(line, reason);
      assert.equal(outside.requests.items.length, 0);
      assert.ok(outside.bytes().length > 0, 'a handshake was tried');
      assert.ok(!outside.bytes().includes('canary'), 'and nothing else');
    });
  }
}

for (const [listed, shown, passes] of [
  ['*.example.test', 'a.example.test', true],
  ['*.example.test', '*.example.test', true],
  ['*.example.test', 'example.test', false],
  ['a.example.test', '*.example.test', true],
  ['A.example.test', 'a.example.test', true],
  ['a.example.test', 'b.example.test', false],
  ['spiffe://one/ns/a', 'spiffe://one/ns/a', true],
  ['spiffe://one/ns/a', 'spiffe://one/ns/b', false],
] as const) {
  test(`listed ${listed}, the certificate is for ${shown}: ${passes ? 'passes' : 'refused'}`, async (t) => {
    const authority = await createTestAuthority();
    const outside = await startTappedServer(t, await authority.issue({ commonName: 'server', names: [shown] }));
    const tls = { validationSecret: 'roots', sni: 'a.example.test', subjectAltNames: [listed] };
    const clusters = [tlsCluster('up', outside.port, tls)];
    const { envoy } = await startSecretMesh(t, {
      clusters,
      staticListeners,
      secrets: [rootsSecret('roots', authority.root)],
    });
    const { status } = await httpCall({ port: await envoy.listenerPort('in'), host: 'a.test' });
    assert.equal(status, passes ? 200 : 503);
  });
}

test('without roots any certificate is taken, and names ask for nothing', async (t) => {
  const outside = await startTappedServer(t, await (await createTestAuthority()).issue({ commonName: 'b.test' }));
  const clusters = [tlsCluster('up', outside.port, { sni: 'a.test', subjectAltNames: ['a.test'] })];
  const { envoy } = await startSecretMesh(t, { clusters, staticListeners });
  assert.equal((await httpCall({ port: await envoy.listenerPort('in'), host: 'a.test' })).status, 200);
  assert.equal((await outside.requests.next()).sni, 'a.test');
});

for (const [shown, passes] of [
  ['a.test', true],
  ['b.test', false],
] as const) {
  test(`raw TCP with TLS put around, the certificate is for ${shown}: ${passes ? 'passes' : 'closed, nothing sent'}`, async (t) => {
    const authority = await createTestAuthority();
    const outside = await startTappedServer(t, await authority.issue({ commonName: shown }));
    const { envoy } = await startSecretMesh(t, {
      clusters: [
        tlsCluster('up', outside.port, { validationSecret: 'roots', sni: 'a.test', subjectAltNames: ['a.test'] }),
      ],
      staticListeners: [listener('raw', { filter_chains: [{ filters: [tcpProxy('up')] }] })],
      secrets: [rootsSecret('roots', authority.root)],
    });
    const answer = await requestOver(await tcpConnect(await envoy.listenerPort('raw'))).catch(() => '');
    assert.equal(answer.startsWith('HTTP/1.1 200'), passes);
    assert.deepEqual(
      outside.requests.items.map(({ sni }) => sni),
      passes ? ['a.test'] : [],
    );
    assert.ok(!outside.bytes().includes('GET'));
  });
}
