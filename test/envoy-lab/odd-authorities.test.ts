// Hosts and ports in odd spellings, asked of a proxy that lets every host out but those that EgressPolicies govern: Envoy would
// dial the same server for them as for the plain name, so nothing may pass.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { egressPolicy } from '../support/networking.ts';
import { askProxy, openTunnel } from '../support/proxy-client.ts';
import { policy, startExplicitProxy } from './explicit-proxy-mesh.ts';

const nobody = [{ serviceAccounts: ['nobody'] }];

test('odd spellings of a governed host and its port pass nothing, by URL and by CONNECT', async (t) => {
  const governed =
    egressPolicy('wild', { from: nobody, hosts: ['*.wild.test'] }) +
    egressPolicy('a', { from: nobody, hosts: ['a.example.test'] });
  const { proxy, http, nextLine } = await startExplicitProxy(t, () => governed + policy('ALLOW_ANY'));
  const { port } = http;
  const spelled = (host: string) =>
    [`${host}:0${port}`, `${host}:00${port}`, `${host}:+${port}`, `${host}..:${port}`, `${host}.:0${port}`].concat(
      `${host}:${port + 65_536}`,
      `me@${host}:0${port}`,
      `${host.replace('.', '%2e')}:${port}`,
    );
  assert.equal((await askProxy(proxy, `http://b.example.test:${port}/`)).status, 200);
  await nextLine();
  const passed: string[] = [];
  const plain = `me@a.example.test:${port}`;
  for (const authority of [plain, ...['one.wild.test', 'a.example.test'].flatMap(spelled)]) {
    const { status } = await askProxy(proxy, `http://${authority}/`).catch(() => ({ status: 0 }));
    if (status !== 400 && status !== 403) passed.push(`GET ${authority} ${status}`);
    const tunnel = await openTunnel(proxy, authority);
    tunnel.socket.destroy();
    if (tunnel.status !== 400 && tunnel.status !== 403) passed.push(`CONNECT ${authority} ${tunnel.status}`);
  }
  assert.deepEqual(passed, []);
  assert.equal(http.requests.items.length, 1);
});

test('they are refused as 400 whatever the policy, plain ones are not', async (t) => {
  for (const mode of ['ALLOW_ANY', 'REGISTRY_ONLY'] as const) {
    const { proxy, http } = await startExplicitProxy(t, () => policy(mode));
    for (const authority of [`b.example.test:0${http.port}`, `b.example.test..:${http.port}`, 'b.example.test:0']) {
      const { status } = await askProxy(proxy, `http://${authority}/`);
      assert.equal(status, 400, `${mode} ${authority}`);
      const tunnel = await openTunnel(proxy, authority);
      tunnel.socket.destroy();
      assert.equal(tunnel.status, 400, `${mode} CONNECT ${authority}`);
    }
    for (const authority of [`b.example.test:${http.port}`, `B.Example.Test.:${http.port}`]) {
      const { status } = await askProxy(proxy, `http://${authority}/`);
      assert.equal(status, mode === 'ALLOW_ANY' ? 200 : 502, `${mode} ${authority}`);
    }
  }
});
