// Secrets that change while requests flow: none fails, and every new handshake has the new ones. Connections that are open
// go on with what they were made with.
import assert from 'node:assert/strict';
import { Agent } from 'node:https';
import { test } from 'node:test';
import { createTestAuthority } from '../support/certificates.ts';
import type { Scope } from '../support/envoy-process.ts';
import { httpsCall } from '../support/https-client.ts';
import { startOutsideHttp } from '../support/outside-server.ts';
import { freePort } from '../support/ports.ts';
import { until } from '../support/until.ts';
import { gatewayListener, routesTo } from './gateway-mesh.ts';
import { certificateSecret, rootsSecret, startSecretMesh, tlsCluster } from './secret-mesh.ts';

const rotations = 10;

/** Callers → TLS → gateway → mutual TLS → outside, which keeps its connections if `keepsOpen`. */
async function start(t: Scope, keepsOpen: boolean) {
  const authority = await createTestAuthority();
  const outside = await startOutsideHttp({
    t,
    tls: {
      ...(await authority.issue({ commonName: 'up.test' })),
      ca: authority.root,
      requestCert: true,
      rejectUnauthorized: true,
    },
    respond: (_request, response) => {
      if (!keepsOpen) response.setHeader('connection', 'close');
      response.end('outside');
    },
  });
  const port = await freePort();
  const generation = async (number: number) => {
    const stranger = await createTestAuthority(`root ${number}`);
    return [
      certificateSecret('server.a', await authority.issue({ commonName: `server ${number}` }), `${number}`),
      certificateSecret('client', await authority.issue({ commonName: `client ${number}` }), `${number}`),
      rootsSecret('roots', `${authority.root}\n${stranger.root}`, `${number}`),
    ];
  };
  const tls = { validationSecret: 'roots', sni: 'up.test', subjectAltNames: ['up.test'], certificateSecret: 'client' };
  const mesh = await startSecretMesh(t, {
    clusters: [tlsCluster('up', outside.port, tls)],
    listeners: [gatewayListener(port, [{ name: 'a', hosts: ['a.test'] }])],
    routes: [routesTo('a', 'up')],
    secrets: await generation(0),
  });
  return { ...mesh, outside, port, generation };
}

/** Requests one after the other until `stop`; then how many there were, and what went wrong. */
function load(call: () => Promise<{ readonly status: number }>) {
  let running = true;
  let requests = 0;
  const failures: string[] = [];
  const ended = (async () => {
    while (running) {
      const outcome = await call().then(
        ({ status }) => (status === 200 ? undefined : `status ${status}`),
        (error: unknown) => String(error),
      );
      requests += 1;
      if (outcome !== undefined) failures.push(outcome);
    }
  })();
  return async () => {
    running = false;
    await ended;
    return { requests, failures };
  };
}

test(`certificates, keys and roots of both sides replaced ${rotations} times under load`, async (t) => {
  const { envoy, push, outside, port, generation } = await start(t, false);
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  t.after(() => agent.destroy());
  const stops = [
    load(() => httpsCall({ port, host: 'a.test' })),
    load(() => httpsCall({ port, host: 'a.test', agent })),
  ];
  for (let number = 1; number <= rotations; number++) {
    for (const secret of await generation(number)) await push(secret);
    await until(`generation ${number} is shown to callers`, async () => {
      const { certificate } = await httpsCall({ port, host: 'a.test' });
      return certificate === `server ${number}`;
    });
    await outside.requests.next(({ client }) => client === `client ${number}`);
  }
  for (const stop of stops) {
    const { requests, failures } = await stop();
    assert.deepEqual(failures, []);
    assert.ok(requests > rotations, `${requests} requests`);
  }
  assert.equal(await envoy.stat('sds.server.a.update_rejected'), 0);
});

test('roots taken away: a new connection is refused, one that is open goes on', async (t) => {
  const { envoy, push, outside, port } = await start(t, true);
  const updates = () => envoy.stat('cluster.up.client_ssl_socket_factory.ssl_context_update_by_sds');
  const status = async () => (await httpsCall({ port, host: 'a.test' })).status;
  assert.equal(await status(), 200);
  const before = await updates();
  await push(rootsSecret('roots', (await createTestAuthority('stranger')).root, 'other'));
  await until('the cluster has the new roots', async () => (await updates()) > before);
  assert.equal(await status(), 200);
  const [first, second] = outside.requests.items.map(({ peer }) => peer);
  assert.equal(first, second);
});

test('roots taken away: a session that was resumable is judged again', async (t) => {
  const { push, port } = await start(t, false);
  const status = async () => (await httpsCall({ port, host: 'a.test' })).status;
  assert.deepEqual([await status(), await status()], [200, 200]);
  await push(rootsSecret('roots', (await createTestAuthority('stranger')).root, 'other'));
  await until('the next connection is refused', async () => (await status()) === 503);
});
