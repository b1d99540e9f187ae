// TLS at a gateway beyond one certificate: several of them, callers whose certificates were revoked, lists of those that are
// none, and servers that listen on an address of their own (istio-semantics 5).
import assert from 'node:assert/strict';
import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { before, describe, it } from 'node:test';
import { createTestAuthority, type TestAuthority } from '../support/certificates.ts';
import { httpCall } from '../support/http-client.ts';
import { type HttpsCall, httpsCall } from '../support/https-client.ts';
import { startMesh, type TestMesh } from '../support/mesh.ts';
import { gateway, gatewayPort, meshGateway, tlsSecret, virtualService } from '../support/networking.ts';
import { needs } from '../support/requires.ts';
import { suiteScope } from '../support/suite-scope.ts';
import type { Certificate } from '../support/tls-fixtures.ts';
import { until } from '../support/until.ts';

const selector = { 'gateway-name': 'front' };
const inEdge = { namespace: 'edge' };
const front = meshGateway(
  'front',
  {
    type: 'ingress',
    serviceType: 'LoadBalancer',
    ports: [gatewayPort('http', 80, 8080), gatewayPort('https', 443, 8443)],
  },
  inEdge,
);
const refused = /alert|revoked|unknown ca|ECONNRESET|socket/i;

describe('Gateway: certificates', needs('root', 'iproute2', 'firewall'), () => {
  const scope = suiteScope();
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-gateway-tls-'));
  let authority: TestAuthority;
  let mesh: TestMesh;
  /** The load balancer's. */
  let address: string;

  before(async () => {
    scope.after(() => rmSync(folder, { recursive: true, force: true }));
    authority = await createTestAuthority();
    mesh = await startMesh(scope);
    await mesh.apply(
      front +
        virtualService('all', {
          hosts: ['*'],
          gateways: ['edge/several', 'edge/filed', 'edge/secret', 'edge/optional', 'edge/bound'],
          http: [{ directResponse: { status: 200, body: { string: 'well met' } } }],
        }),
    );
    address = await until('the gateway has an address', async () => {
      const shown = await mesh.run('get', 'service', 'front', '-n', 'edge', '-o', 'json');
      const { status }: { status?: { loadBalancer?: { ingress?: { ip: string }[] } } } = JSON.parse(shown);
      return status?.loadBalancer?.ingress?.[0]?.ip;
    });
  });

  function get(host: string, call: Partial<HttpsCall> = {}) {
    return httpsCall({ address, port: 443, host, ...call });
  }

  async function isRefused(host: string, call: Partial<HttpsCall>): Promise<boolean> {
    const answered = await get(host, call).catch((error: unknown) => error);
    return answered instanceof Error && refused.test(answered.message);
  }

  /** Whole or not at all, as a writer of such files must. */
  function write(name: string, content: string): string {
    const path = join(folder, name);
    writeFileSync(`${path}.new`, content);
    renameSync(`${path}.new`, path);
    return path;
  }

  async function files(name: string, { cert, key }: Certificate) {
    return { serverCertificate: write(`${name}.pem`, cert), privateKey: write(`${name}.key`, key) };
  }

  const server = (name: string, host: string, tls: object) => ({
    port: { number: 443, name, protocol: 'HTTPS' },
    hosts: [host],
    tls,
  });

  it('shows the certificate that fits the name, of several Secrets and of several files', async () => {
    const [a, b] = [
      await authority.issue({ commonName: 'a.pair.test' }),
      await authority.issue({ commonName: 'b.pair.test' }),
    ];
    const [c, d] = [
      await authority.issue({ commonName: 'c.file.test' }),
      await authority.issue({ commonName: 'd.file.test' }),
    ];
    const tlsCertificates = [await files('c', c), await files('d', d)];
    await mesh.apply(
      tlsSecret('a', a, inEdge) +
        tlsSecret('b', b, inEdge) +
        gateway(
          'several',
          {
            selector,
            servers: [
              server('pair', '*.pair.test', { mode: 'SIMPLE', credentialNames: ['a', 'b'] }),
              server('file', '*.file.test', { mode: 'SIMPLE', tlsCertificates }),
            ],
          },
          inEdge,
        ),
    );
    for (const host of ['a.pair.test', 'b.pair.test', 'c.file.test', 'd.file.test']) {
      const { body, certificate } = await until(`${host} is served`, () => get(host));
      assert.deepEqual([body, certificate], ['well met', host]);
    }
  });

  it('lets nobody in whose certificate was revoked; a list that is none changes nothing', async () => {
    const shown = await files('filed', await authority.issue({ commonName: 'filed.test' }));
    const good = await authority.issue({ commonName: 'good' });
    const bad = await authority.issue({ commonName: 'bad' });
    const tls = { mode: 'MUTUAL', ...shown, caCertificates: write('ca.pem', authority.root) };
    const listed = { ...tls, caCrl: join(folder, 'crl.pem') };
    const asking = (how: object) =>
      gateway('filed', { selector, servers: [server('filed', 'filed.test', how)] }, inEdge);
    await mesh.apply(asking(tls));
    await until('both pass', async () => (await get('filed.test', { client: good })).status === 200);
    assert.equal((await get('filed.test', { client: bad })).status, 200);
    await mesh.apply(asking(listed));
    await until('there is no list yet: nobody passes', () => isRefused('filed.test', { client: good }));
    await assert.rejects(get('filed.test', { client: bad }), refused);
    write('crl.pem', await authority.revoke(bad));
    await until('the good one passes', async () => (await get('filed.test', { client: good })).status === 200);
    await assert.rejects(get('filed.test', { client: bad }), refused);
    await assert.rejects(get('filed.test'), refused);

    write('crl.pem', 'no list');
    await until('the list is told of', async () => {
      const { stdout } = await mesh.cli('analyze');
      return /SP1101.*crl\.pem holds no revocation list|crl\.pem holds no revocation list.*SP1101/.test(stdout);
    });
    assert.equal((await get('filed.test', { client: good })).status, 200);
    await assert.rejects(get('filed.test', { client: bad }), refused);

    write('crl.pem', await authority.revoke(bad, good));
    await until('the good one is refused', () => isRefused('filed.test', { client: good }));
    write('crl.pem', await authority.revoke());
    await until('both pass', async () => (await get('filed.test', { client: bad })).status === 200);
  });

  it('asks no proxy to take a list that is none from a Secret', async () => {
    const shown = await authority.issue({ commonName: 'secret.test' });
    const client = await authority.issue({ commonName: 'client' });
    const isTold = async () => /SP1110.*ca\.crl of Secret secret is no/.test((await mesh.cli('analyze')).stdout);
    const secret = (crl: string) => tlsSecret('secret', { ...shown, root: authority.root, crl }, inEdge);
    await mesh.apply(
      secret('no list') +
        gateway(
          'secret',
          {
            selector,
            servers: [
              server('secret', 'secret.test', { mode: 'MUTUAL', credentialName: 'secret' }),
              server('beside', 'beside.test', { mode: 'SIMPLE', credentialName: 'a' }),
            ],
          },
          inEdge,
        ),
    );
    await until('the server beside it is open', async () => (await get('beside.test')).status === 200);
    await assert.rejects(get('secret.test', { client }), refused);
    const revoked = await authority.issue({ commonName: 'revoked' });
    await mesh.apply(secret(await authority.revoke(revoked)));
    await until('a list is there', async () => (await get('secret.test', { client })).status === 200);
    await assert.rejects(get('secret.test', { client: revoked }), refused);
    await until('nothing is told of it any more', async () => !(await isTold()));
    await mesh.apply(secret('no list'));
    await until('it is told of', isTold);
    assert.equal((await get('secret.test', { client })).status, 200, 'what holds is the list that was there');
    await assert.rejects(get('secret.test', { client: revoked }), refused);
    const states = await mesh.run('proxy-status');
    assert.doesNotMatch(states, /ERROR|NACK/);
  });

  it('asks callers for a certificate that they need not have, and judges it if they do', async () => {
    const shown = await authority.issue({ commonName: 'optional.test' });
    const client = await authority.issue({ commonName: 'client' });
    const stranger = await (await createTestAuthority('somebody else')).issue({ commonName: 'client' });
    const tls = { mode: 'OPTIONAL_MUTUAL', credentialName: 'optional' };
    const { stdout, stderr } = await mesh.tryApply(
      gateway('optional', { selector, servers: [server('optional', 'optional.test', tls)] }, inEdge),
    );
    assert.doesNotMatch(stdout + stderr, /SP0111/);
    await until('the Secret that is not there is told of', async () =>
      /SP1103.*credentialName: there is no Secret optional in namespace edge/.test((await mesh.cli('analyze')).stdout),
    );
    await assert.rejects(get('optional.test'), refused, 'there is no Secret yet');
    await mesh.apply(tlsSecret('optional', shown, inEdge));
    await until('the CA that is not there is told of', async () =>
      /SP1110.*Secret optional in namespace edge has no ca\.crt/.test((await mesh.cli('analyze')).stdout),
    );
    await assert.rejects(get('optional.test'), refused, 'nobody could be judged yet');
    await mesh.apply(tlsSecret('optional', { ...shown, root: authority.root }, inEdge));
    await until('it is served', async () => (await get('optional.test')).status === 200);
    assert.equal((await get('optional.test', { client })).status, 200);
    await assert.rejects(get('optional.test', { client: stranger }), refused);
    assert.doesNotMatch((await mesh.cli('analyze')).stdout, /optional/);
  });

  it('listens on the address that a server names, and no other', async () => {
    const bound = (bind: string) =>
      gateway(
        'bound',
        { selector, servers: [{ port: { number: 80, name: 'http', protocol: 'HTTP' }, bind, hosts: ['*'] }] },
        inEdge,
      );
    const called = () =>
      httpCall({ address, port: 80, host: 'bound.test' }).then(
        ({ status }) => status,
        () => 'refused',
      );
    await mesh.apply(bound('0.0.0.0'));
    await until('it is open', async () => (await called()) === 200);
    await mesh.apply(bound('127.0.0.1'));
    await until('it is closed to others', async () => (await called()) === 'refused');
    const listeners = await mesh.run('proxy-config', 'listeners', 'front', '-n', 'edge');
    assert.match(listeners, /127\.0\.0\.1_8080/);
  });
});
