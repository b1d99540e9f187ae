// Deployments in a real mesh: pods replaced under load without a failed request, `set env` (product-facts checks 8 and 27),
// wrong ones seen, and what outlives the control plane (contract lines 2, 5 and 8).
import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import { dataFolder } from '../../src/platform/data-folder.ts';
import { requestJson } from '../../src/platform/unix-http.ts';
import type { PodStatus } from '../../src/runtime/protocol.ts';
import { startMesh, type TestMesh, type Workload } from '../support/mesh.ts';
import { needs } from '../support/requires.ts';
import { suiteScope } from '../support/suite-scope.ts';
import { until } from '../support/until.ts';

const server = `require('http').createServer((q, r) => r.end(process.env.ANSWER + ' ' + require('os').hostname())).listen(8080)`;

function manifest(name: string, spec: Readonly<Record<string, unknown>>, container: Readonly<Record<string, unknown>>) {
  const labels = { app: name };
  const template = { metadata: { labels }, spec: { containers: [{ name, image: `${name}:1`, ...container }] } };
  const metadata = { name, namespace: 'shop' };
  const whole = { selector: { matchLabels: labels }, template, ...spec };
  return `${JSON.stringify({ apiVersion: 'apps/v1', kind: 'Deployment', metadata, spec: whole })}\n---\n`;
}

const web = (replicas: number) =>
  manifest(
    'web',
    { replicas },
    {
      command: [process.execPath, '-e', server],
      env: [{ name: 'ANSWER', value: 'one' }],
      ports: [{ containerPort: 8080 }],
    },
  );

describe('deployments', needs('root', 'iproute2', 'firewall'), () => {
  const scope = suiteScope();
  let mesh: TestMesh;
  let caller: Workload;

  const shop = (...args: readonly string[]) => mesh.run('-n', 'shop', ...args);
  const bodies = async () => (await caller.perform({ do: 'http', host: 'web' })).body ?? '';
  const rolledOut = () => shop('rollout', 'status', 'deployment/web', '--timeout', '60s');

  async function keeperPods(): Promise<readonly PodStatus[]> {
    const { keeperSocket } = dataFolder(mesh.data);
    return (await requestJson({ socketPath: keeperSocket, path: '/v1/pods' })).body as PodStatus[];
  }

  async function programs(): Promise<ReadonlySet<number | undefined>> {
    return new Set((await keeperPods()).filter(({ workload }) => workload === 'web').map(({ app }) => app.pid));
  }

  before(async () => {
    mesh = await startMesh(scope);
    const service = 'apiVersion: v1\nkind: Service\nmetadata: { name: web, namespace: shop }\n';
    const ports = 'spec:\n  selector: { app: web }\n  ports: [{ name: http, port: 80, targetPort: 8080 }]\n';
    assert.equal(await mesh.apply(web(3)), 'deployment.apps/web created\n');
    await mesh.apply(service + ports);
    caller = await mesh.workload('caller', { namespace: 'shop' });
    assert.match(await rolledOut(), /deployment "web" successfully rolled out\n$/);
    await until('the service answers', async () => (await bodies()).startsWith('one web-'));
  });

  it('are shown as kubectl shows them, and nothing more while all is well', async () => {
    assert.match(
      await shop('get', 'deploy'),
      /^NAME {3}READY {3}UP-TO-DATE {3}AVAILABLE {3}AGE\nweb {4}3\/3 {5}3 {12}3 {11}\d+s\n$/,
    );
    assert.match(
      await shop('get', 'deploy', '-o', 'wide'),
      /AGE +CONTAINERS +IMAGES +SELECTOR\n.* web +web:1 +app=web\n$/,
    );
    assert.match(
      await shop('describe', 'deploy', 'web'),
      /Available[\s\S]*\nPods:\n {2}NAME[\s\S]*\n {2}web-.* 2\/2 +Running/,
    );
  });

  it('run the template, under a host name that begins with theirs', async () => {
    const hostname = await shop('exec', '-ti', 'deploy/web', '-c', 'web', '--', 'hostname');
    assert.match(hostname, /^web-[a-z0-9]{8}-[a-z0-9]{5}\n$/);
  });

  it('replace their pods without a failed request', async () => {
    const load = caller.perform({ do: 'load', host: 'web', ms: 8_000 });
    assert.equal(await shop('set', 'env', 'deployment/web', 'ANSWER=two'), 'deployment.apps/web env updated\n');
    await rolledOut();
    assert.equal(await shop('rollout', 'restart', 'deploy/web'), 'deployment.apps/web restarted\n');
    await rolledOut();
    const { outcomes = {} } = await load;
    assert.deepEqual(Object.keys(outcomes), ['200']);
    assert.ok((outcomes['200'] ?? 0) > 100);
    for (let count = 0; count < 10; count += 1) assert.match(await bodies(), /^two /);
  });

  it('leave what runs alone when the template is the same, and when the control plane dies', async () => {
    await until('those of before have ended', async () => (await programs()).size === 3);
    const running = await programs();
    await mesh.run('patch', 'deploy', 'web', '-n', 'shop', '-p', '{"metadata":{"labels":{"team":"red"}}}');
    const { pid } = JSON.parse(await fetch(`http://${mesh.listen}/v1/info`).then((answer) => answer.text()));
    process.kill(pid, 'SIGKILL');
    await mesh.run('up', '--detach', '--listen', mesh.listen);
    await rolledOut();
    assert.deepEqual(await programs(), running);
    assert.match(await bodies(), /^two /);
  });

  it('have variables set, listed and removed', async () => {
    await shop('set', 'env', 'deploy', 'web', 'REQUESTS=http://a/get#1, b=c');
    assert.equal(
      await shop('set', 'env', 'deployments.apps/web', '--list'),
      '# deployments web, container web\nANSWER=two\nREQUESTS=http://a/get#1, b=c\n',
    );
    await rolledOut();
    const inside = await shop('exec', 'deploy/web', '--', 'printenv', 'REQUESTS');
    assert.equal(inside, 'http://a/get#1, b=c\n');
    await shop('set', 'env', 'deploy/web', 'REQUESTS-');
    assert.doesNotMatch(await shop('set', 'env', 'deploy/web', '--list'), /REQUESTS/);
    const absent = await mesh.cli('set', 'env', 'deployment/nobody', 'A=b', '-n', 'shop');
    assert.deepEqual([absent.code, absent.stderr], [1, 'error: deployments.apps "nobody" not found\n']);
    const bad = await mesh.cli('set', 'env', 'deployment/web', 'A=b', 'nonsense', '-n', 'shop');
    assert.deepEqual([bad.code, bad.stdout], [2, '']);
  });

  it('keep a version that runs when the next one does not, and say why', async () => {
    await rolledOut();
    const broken = [process.execPath, '-e', 'console.log("reading settings"); throw new Error("no settings")'];
    const container = { name: 'web', command: broken, ports: [{ containerPort: 8080 }] };
    const before = await shop('get', 'deploy', 'web', '-o', 'jsonpath={.spec.template.spec.containers}');
    const patch = (containers: unknown) => JSON.stringify({ spec: { template: { spec: { containers } } } });
    await shop('patch', 'deploy', 'web', '-p', patch([container]));
    const shown = await until('it is named', async () => {
      const text = await shop('get', 'deploy', 'web');
      return text.includes('CrashLoopBackOff') && text;
    });
    assert.match(shown, /\n\ndeployment\/web: CrashLoopBackOff: ended with exit code 1; starts again in \d+ s\n/);
    assert.match(shown, /\n {2}Error: no settings\n/);
    assert.match(await bodies(), /^two /);
    await shop('patch', 'deploy', 'web', '-p', patch(JSON.parse(before)));
    await rolledOut();
    assert.doesNotMatch(await shop('get', 'deploy', 'web'), /CrashLoopBackOff/);
  });

  it('that cannot run are seen with the reason', async () => {
    await mesh.apply(
      manifest('no-command', {}, {}) +
        manifest('not-found', {}, { command: ['nosuchcommand'] }) +
        manifest(
          'taken',
          {},
          {
            command: [process.execPath, '-e', `for (const _ of [1, 2]) require('net').createServer().listen(8080)`],
            ports: [{ containerPort: 8080 }],
          },
        ) +
        manifest(
          'deaf',
          {},
          { command: ['sh', '-c', 'echo waiting; exec sleep 600'], ports: [{ containerPort: 8080 }] },
        ),
    );
    const shown = await until('all are named', async () => {
      const text = await shop('get', 'deploy');
      return (
        ['no-command', 'not-found', 'taken', 'deaf'].every((name) => text.includes(`deployment/${name}: `)) && text
      );
    });
    assert.match(shown, /deployment\/no-command: CreateContainerError: container no-command has no command: locally/);
    assert.match(
      shown,
      /deployment\/not-found: CrashLoopBackOff: ended with exit code 127; .*\n(?: {2}.*\n)* {2}.*nosuchcommand.*No such file/,
    );
    assert.match(
      shown,
      /deployment\/taken: CrashLoopBackOff: .*\n {2}Error: listen EADDRINUSE: address already in use/,
    );
    assert.match(shown, /deployment\/deaf: NotReady: runs, but does not listen on port 8080\n {2}waiting\n/);
    const states = await shop('get', 'pods', '-l', 'app in (no-command,not-found)');
    assert.match(states, /no-command-\S+ +0\/2 +CreateContainerError/);
    assert.match(states, /not-found-\S+ +1\/2 +CrashLoopBackOff/);
    for (const name of ['no-command', 'not-found', 'taken', 'deaf']) await shop('delete', 'deployment', name);
  });

  it('are scaled, and logs are found by name and label', async () => {
    assert.equal(await shop('scale', 'deployment/web', '--replicas', '1'), 'deployment.apps/web scaled\n');
    await until('one is left', async () => (await programs()).size === 1);
    await shop('scale', 'deploy/web', '--replicas=2');
    await rolledOut();
    await mesh.apply(manifest('teller', {}, { command: ['sh', '-c', 'echo hello; exec sleep 600'] }));
    for (const args of [['deploy/teller'], ['-l', 'app=teller'], ['teller', '-c', 'teller']]) {
      await until('its words', async () => (await mesh.cli('logs', ...args, '-n', 'shop')).stdout === 'hello\n');
    }
  });

  it('take their pods with them', async () => {
    assert.equal(await shop('delete', 'deployment', 'web'), 'deployment.apps "web" deleted\n');
    await until('nothing of it runs', async () => (await programs()).size === 0);
  });
});
