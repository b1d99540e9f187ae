// A gateway that ends TLS: a chain without its secrets refuses and the others serve, callers are asked for certificates
// where that is wanted, and a secret that is no good changes nothing.
import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { test } from 'node:test';
import { buildDownstreamTls, type DownstreamTlsOptions } from '../../src/envoy/downstream-tls.ts';
import { createTestAuthority } from '../support/certificates.ts';
import { type Scope, startEnvoy } from '../support/envoy-process.ts';
import { httpsCall } from '../support/https-client.ts';
import { startOutsideHttp } from '../support/outside-server.ts';
import { freePort } from '../support/ports.ts';
import type { Certificate } from '../support/tls-fixtures.ts';
import { until } from '../support/until.ts';
import { listener, tcpProxy, typed } from './envoy-json.ts';
import { gatewayListener, routesTo } from './gateway-mesh.ts';
import { certificateSecret, rootsSecret, startSecretMesh, tlsCluster } from './secret-mesh.ts';

const outsideAuthority = await createTestAuthority('outside');
const authority = await createTestAuthority();
const good = await authority.issue({ commonName: 'good' });

/** The servers `a` and `b` for a.test and b.test; `b` with these settings. The secrets `server.a` and `roots` are there. */
async function start(t: Scope, tls: Partial<DownstreamTlsOptions>, unsent: readonly string[] = []) {
  const outside = await startOutsideHttp({ t, tls: await outsideAuthority.issue({ commonName: 'up.test' }) });
  const port = await freePort();
  const secrets = [
    certificateSecret('server.a', await authority.issue({ commonName: 'a.test' })),
    ...(tls.validationSecret === 'roots' ? [rootsSecret('roots', authority.root)] : []),
    rootsSecret('outside', outsideAuthority.root),
  ].filter(({ name }) => !unsent.includes(name));
  const servers = ['a', 'b'].map((name) => ({ name, hosts: [`${name}.test`], ...(name === 'b' ? { tls } : {}) }));
  const mesh = await startSecretMesh(t, {
    clusters: [
      tlsCluster('up', outside.port, { validationSecret: 'outside', sni: 'up.test', subjectAltNames: ['up.test'] }),
    ],
    listeners: [gatewayListener(port, servers)],
    routes: servers.map(({ name }) => routesTo(name, 'up')),
    secrets,
  });
  const call = (host: string, client?: Certificate, headers: Readonly<Record<string, string>> = {}) =>
    httpsCall({ port, host, headers, ...(client === undefined ? {} : { client }) });
  return { ...mesh, outside, call };
}

test('a chain without its certificate refuses, another serves; it serves as soon as the certificate comes', async (t) => {
  const { call, push, envoy } = await start(t, {});
  await assert.rejects(call('b.test'), { code: 'ECONNRESET' });
  assert.equal((await call('a.test')).certificate, 'a.test');
  await push(certificateSecret('server.b', await authority.issue({ commonName: 'b.test' })));
  const answer = await until('b.test serves', () => call('b.test').catch(() => undefined));
  assert.deepEqual([answer.status, answer.certificate], [200, 'b.test']);
  assert.equal(await envoy.stat('listener_manager.listener_modified'), 0);
});

test('an SNI that no chain has is refused', async (t) => {
  const { call } = await start(t, {});
  await assert.rejects(call('c.test'), { code: 'ECONNRESET' });
});

const mutual = { certificateSecrets: ['server.a'], requireClientCertificate: true, validationSecret: 'roots' };

test('MUTUAL: only callers with a good certificate pass, and the one who passed is told upstream', async (t) => {
  const { call, outside } = await start(t, { ...mutual, subjectAltNames: ['good'] });
  await assert.rejects(call('b.test'), { code: 'ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED' });
  const stranger = await createTestAuthority('stranger');
  for (const [certificate, code] of [
    [await authority.issue({ commonName: 'bad' }), 'ERR_SSL_SSL/TLS_ALERT_CERTIFICATE_UNKNOWN'],
    [await stranger.issue({ commonName: 'good' }), 'ERR_SSL_TLSV1_ALERT_UNKNOWN_CA'],
    [await authority.issue({ commonName: 'good', expired: true }), 'ERR_SSL_SSL/TLS_ALERT_CERTIFICATE_EXPIRED'],
  ] as const) {
    await assert.rejects(call('b.test', certificate), { code });
  }
  assert.equal(outside.requests.items.length, 0);
  const { status } = await call('b.test', good, { 'x-forwarded-client-cert': 'Subject="CN=liar"' });
  assert.equal(status, 200);
  const told = (await outside.requests.next()).headers.get('x-forwarded-client-cert') ?? '';
  assert.match(told, /Subject="CN=good";URI=;DNS=good$/);
  assert.doesNotMatch(told, /liar/);
});

test('MUTUAL without its roots refuses everyone', async (t) => {
  const { call, push } = await start(t, mutual, ['roots']);
  await assert.rejects(call('b.test', good), { code: 'ECONNRESET' });
  await push(rootsSecret('roots', authority.root));
  await until('b.test serves', async () => (await call('b.test', good).catch(() => undefined))?.status === 200);
});

test('a certificate that is required but judged by nothing: Envoy lets everyone pass, so it is not built', async (t) => {
  const tls = typed('envoy.extensions.transport_sockets.tls.v3.DownstreamTlsContext', {
    require_client_certificate: true,
    common_tls_context: {
      tls_certificates: [{ certificate_chain: { inline_string: good.cert }, private_key: { inline_string: good.key } }],
    },
  });
  const chain = { filters: [tcpProxy('none')], transport_socket: { name: 'tls', typed_config: tls } };
  const static_resources = { listeners: [listener('in', { filter_chains: [chain] })] };
  const envoy = await startEnvoy({ t, bootstrap: { static_resources } });
  await assert.rejects(httpsCall({ port: await envoy.listenerPort('in'), host: 'a.test' }), { code: 'ECONNRESET' });
  assert.equal(await envoy.stat('tcp.tcp.downstream_cx_no_route'), 1, 'it came as far as the filters');
  assert.throws(() => buildDownstreamTls({ certificateSecrets: ['a'], requireClientCertificate: true }));
});

test('a client certificate that may be left out is judged where it is shown', async (t) => {
  const { call } = await start(t, { ...mutual, requireClientCertificate: false });
  assert.equal((await call('b.test')).status, 200);
  assert.equal((await call('b.test', good)).status, 200);
  const stranger = await (await createTestAuthority('stranger')).issue({ commonName: 'good' });
  await assert.rejects(call('b.test', stranger), { code: 'ERR_SSL_TLSV1_ALERT_UNKNOWN_CA' });
});

test('pinned: the certificate with this hash passes and no other, with roots or without', async (t) => {
  const hashes = [fingerprint(good)];
  for (const validationSecret of ['roots', undefined]) {
    const { call } = await start(t, { ...mutual, validationSecret, pins: { hashes } });
    assert.equal((await call('b.test', good)).status, 200);
    const other = await authority.issue({ commonName: 'good' });
    await assert.rejects(call('b.test', other), { code: 'ERR_SSL_TLSV1_BAD_CERTIFICATE_HASH_VALUE' });
  }
});

test('a key of another certificate is refused and the pair before it stays; so is a text that is no certificate', async (t) => {
  const { call, push } = await start(t, {});
  const { cert } = await authority.issue({ commonName: 'a.test' });
  const refused = [
    [{ cert, key: good.key }, /KEY_VALUES_MISMATCH/],
    [{ cert: 'none', key: 'none' }, /Failed to load certificate chain/],
  ] as const;
  for (const [pair, words] of refused) {
    await assert.rejects(push(certificateSecret('server.a', pair, '2')), words);
    assert.equal((await call('a.test')).certificate, 'a.test');
  }
});

// Envoy goes through a response's secrets in no order that can be told, and stops at the first bad one.
test('after a response with a bad secret the others have to be sent again', async (t) => {
  const { call, push } = await start(t, {});
  const b = certificateSecret('server.b', await authority.issue({ commonName: 'b.test' }));
  const bad = certificateSecret('server.a', { cert: 'none', key: 'none' }, '2');
  await assert.rejects(push(bad, b), /Failed to load certificate chain/);
  await push(b);
  assert.equal((await until('b.test serves', () => call('b.test').catch(() => undefined))).status, 200);
});

test('a secret that is taken away goes on serving', async (t) => {
  const { call, stream } = await start(t, {});
  await stream.push({ type: 'SDS', removed: ['server.a'] });
  assert.equal((await call('a.test')).status, 200);
});

function fingerprint({ cert }: Certificate): string {
  return new X509Certificate(cert).fingerprint256.replaceAll(':', '').toLowerCase();
}
