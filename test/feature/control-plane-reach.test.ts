// What of the control plane a workload can reach (docs/security.md, P4): nothing over TCP, no socket and no file, from inside its
// namespaces; and what other users of the machine can: the sockets are closed to them, the API over loopback changes nothing.
// Every place is first reached by its owner, so that one that is not there at all would be noticed.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { statSync } from 'node:fs';
import { before, describe, it } from 'node:test';
import { promisify } from 'node:util';
import { dataFolder } from '../../src/platform/data-folder.ts';
import { requestJson } from '../../src/platform/unix-http.ts';
import type { PodsBody } from '../../src/server/wire.ts';
import { httpCall } from '../support/http-client.ts';
import { startMesh, type TestMesh } from '../support/mesh.ts';
import { needs } from '../support/requires.ts';
import { suiteScope } from '../support/suite-scope.ts';
import { until } from '../support/until.ts';

const config = '/v1/proxies/victim/victim/config/clusters';
const nobody = 65_534;

/** Tells for each path whether it can be connected to, or else read; as the user of this id, if one is given. */
const tries = `
const [paths, uid] = JSON.parse(process.argv[1]);
if (uid !== undefined) { process.setgroups([]); process.setgid(uid); process.setuid(uid); }
const { readFileSync } = require('fs');
const one = (path) => new Promise((done) => {
  if (!path.endsWith('.sock')) {
    try { readFileSync(path); done('open'); } catch ({ code }) { done(code); }
  } else require('net').connect(path, () => done('open')).on('error', ({ code }) => done(code));
});
Promise.all(paths.map(one)).then((results) => { console.log(JSON.stringify(results)); process.exit(); });
`;

/** Asks the API at each address for what is another's; tells the first line of the answer, or how it failed. */
const asks = `
const [targets] = JSON.parse(process.argv[1]);
const one = ({ address, port, host, path }) => new Promise((done) => {
  const socket = require('net').connect(port, address);
  let text = '';
  socket.setTimeout(4000, () => socket.destroy());
  socket.on('connect', () => socket.write('GET ' + path + ' HTTP/1.1\\r\\nHost: ' + host + '\\r\\nConnection: close\\r\\n\\r\\n'));
  socket.on('data', (chunk) => { text += chunk; });
  socket.on('error', ({ code }) => done(code));
  socket.on('close', () => done(text));
});
Promise.all(targets.map(one)).then((results) => { console.log(JSON.stringify(results)); process.exit(); });
`;

describe('what can be reached of the control plane', needs('root', 'iproute2', 'firewall'), () => {
  const scope = suiteScope();
  let mesh: TestMesh;
  let port: number;
  let pods: PodsBody['pods'];
  let sockets: readonly string[];
  let files: readonly string[];

  const placeOf = (name: string) => pods.find((pod) => pod.name === name);

  before(async () => {
    mesh = await startMesh(scope);
    port = Number(new URL(`http://${mesh.listen}`).port);
    await mesh.workload('victim', { namespace: 'victim' });
    await mesh.workload('caller', { namespace: 'evil' });
    const folder = dataFolder(mesh.data);
    pods = ((await requestJson({ socketPath: folder.apiSocket, path: '/v1/pods' })).body as PodsBody).pods;
    const [victim, caller] = ['victim', 'caller'].map((name) => placeOf(name)?.xdsPath);
    sockets = [
      folder.apiSocket,
      folder.keeperSocket,
      `${victim}/xds.sock`,
      `${victim}/admin.sock`,
      `${caller}/xds.sock`,
      `${caller}/admin.sock`,
    ];
    files = [folder.caFile, folder.storeFile];
    await until('the proxy of the other is served', async () => (await get(config)).status === 200);
  });

  const get = (path: string, host = `127.0.0.1:${port}`, method = 'GET') => httpCall({ port, host, path, method });
  const outside = async (script: string, ...given: readonly unknown[]): Promise<readonly string[]> =>
    JSON.parse((await promisify(execFile)(process.execPath, ['-e', script, JSON.stringify(given)])).stdout);
  const places = () => [...sockets, ...files];
  const inside = async (script: string, ...given: readonly unknown[]): Promise<readonly string[]> => {
    const command = [process.execPath, '-e', script, JSON.stringify(given)];
    return JSON.parse(await mesh.run('exec', 'caller', '-n', 'evil', '--', ...command));
  };

  it('its sockets and files: by the user of the mesh', async () => {
    assert.deepEqual(new Set(await outside(tries, places())), new Set(['open']));
  });

  it('none of them from inside a workload, not even its own proxy’s', async () => {
    assert.deepEqual(new Set(await inside(tries, places())), new Set(['ENOENT']));
  });

  it('none of them by other users; by the user of a proxy its own alone', async () => {
    assert.deepEqual(new Set(await outside(tries, places(), nobody)), new Set(['EACCES']));
    const { uid } = statSync(placeOf('caller')?.xdsPath ?? '');
    const results = await outside(tries, places(), uid);
    const open = places().filter((_, index) => results[index] !== 'EACCES');
    assert.deepEqual(open, sockets.slice(4));
  });

  it('the API from no workload, at no address and under no name', async () => {
    const route = await mesh.run('exec', 'caller', '-n', 'evil', '--', 'ip', 'route', 'show', 'default');
    const gateway = /via (\S+)/.exec(route)?.[1] ?? '';
    const addresses = ['127.0.0.1', gateway, placeOf('victim')?.podIP ?? '', placeOf('caller')?.podIP ?? ''];
    assert.ok(
      addresses.every((address) => /^\d+\.\d+\.\d+\.\d+$/.test(address)),
      addresses.join(' '),
    );
    const targets = addresses.flatMap((address) =>
      [`127.0.0.1:${port}`, `${address}:${port}`, 'localhost', 'evil.test'].flatMap((host) =>
        [config, '/v1/objects/secret', '/metrics', '/'].map((path) => ({ address, port, host, path })),
      ),
    );
    const [host] = await outside(asks, targets.slice(0, 1));
    assert.match(host ?? '', /^HTTP\/1\.1 200 /);
    const answers = await inside(asks, targets);
    assert.equal(answers.length, targets.length);
    for (const [index, answer] of answers.entries()) {
      // Its own Envoy may answer that it did not get there.
      const refused =
        /^(E[A-Z]+)?$/.test(answer) || /^HTTP\/1\.1 (403|404|502|503) .*\r\nserver: envoy\r\n/s.test(answer);
      assert.ok(refused, `${JSON.stringify(targets[index])}: ${answer}`);
    }
  });

  it('over loopback, where other users of the machine are: reading without keys, under its own name', async () => {
    const session = '/v1/objects/serviceentry/a';
    for (const [host, method, path, status] of [
      [`127.0.0.1:${port}`, 'GET', config, 200],
      ['evil.test', 'GET', config, 403],
      [`evil.test:${port}`, 'GET', '/metrics', 403],
      [`127.0.0.1.evil.test:${port}`, 'GET', '/v1/proxies', 403],
      [`127.0.0.1:${port}`, 'POST', '/v1/objects', 403],
      [`127.0.0.1:${port}`, 'PATCH', session, 403],
      [`127.0.0.1:${port}`, 'DELETE', session, 403],
      [`127.0.0.1:${port}`, 'GET', '/v1/pods/victim/victim/exec', 403],
    ] as const) {
      assert.equal((await get(path, host, method)).status, status, `${method} ${host} ${path}`);
    }
    const { body } = await get('/v1/proxies/victim/victim/config/secrets');
    assert.match(body, /"subjectAltName":"URI:spiffe:\/\/cluster\.local\/ns\/victim\/sa\/default"/);
    // Neither as it is nor as the beginning of PEM in base64.
    assert.doesNotMatch(body, /PRIVATE|LS0tLS1CRUdJTi/);
  });
});
