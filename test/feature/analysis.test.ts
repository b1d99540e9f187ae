// A mistake that two objects make together: what its caller meets, what `apply`, `analyze`, `describe` and the status say of it,
// and that all of it ends with the object that was missing.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { before, describe, it } from 'node:test';
import { statusOf } from '../support/calls.ts';
import { serviceEntry, startMesh, type TestMesh, type Workload } from '../support/mesh.ts';
import { virtualService } from '../support/networking.ts';
import { startOutsideHttp } from '../support/outside-server.ts';
import { outsideAddress } from '../support/outside-world.ts';
import { needs } from '../support/requires.ts';
import { suiteScope } from '../support/suite-scope.ts';
import { until } from '../support/until.ts';

const routed = virtualService('routed', {
  hosts: ['first.example'],
  http: [{ route: [{ destination: { host: 'second.example' } }] }],
});
const missing = /SP1511|no ServiceEntry or Service has the host second\.example/;

describe('a mistake between objects', needs('root', 'iproute2', 'firewall'), () => {
  const scope = suiteScope();
  let mesh: TestMesh;
  let caller: Workload;

  before(async () => {
    const address = outsideAddress(101);
    await startOutsideHttp({ t: scope, address, port: 80 });
    mesh = await startMesh(scope, {
      up: ['first.example', 'second.example'].flatMap((host) => ['--resolve', `${host}=${address}`]),
    });
    caller = await mesh.workload('caller');
    await mesh.apply(serviceEntry('first', { hosts: ['first.example'] }));
  });

  async function statusMessages(): Promise<readonly { readonly type: { readonly code: string } }[]> {
    const object = JSON.parse(await mesh.run('get', 'virtualservice', 'routed', '-o', 'json'));
    return object.status?.validationMessages ?? [];
  }

  it('is told with its place by apply, which stores the object all the same', async () => {
    const { code, stdout, stderr } = await mesh.tryApply(routed);
    assert.equal(code, 0, stderr);
    assert.match(stdout, /virtualservice\.networking\.istio\.io\/routed created/);
    assert.match(
      stderr,
      /^warning: <stdin>:1:\d+ VirtualService\/default\/routed spec\.http\[0\]\.route\[0\]\.destination\.host: no ServiceEntry/m,
    );
    await until('callers meet it', async () => (await statusOf(caller, 'first.example')) === 503);
  });

  it('stands in the status, in analyze and in describe', async () => {
    await until('the status has it', async () => (await statusMessages())[0]?.type.code === 'SP1511');
    const analyzed = await mesh.cli('analyze');
    assert.equal(analyzed.code, 1);
    assert.match(analyzed.stdout, missing);
    assert.match(await mesh.run('describe', 'virtualservice', 'routed'), missing);
    const again = await mesh.tryApply(routed);
    assert.match(again.stdout, /routed unchanged/);
    assert.match(again.stderr, missing);
  });

  it('ends when the other object comes', async () => {
    await mesh.apply(serviceEntry('second', { hosts: ['second.example'] }));
    await until('callers get through', async () => (await statusOf(caller, 'first.example')) === 200);
    await until('the status is clean', async () => (await statusMessages()).length === 0);
    assert.deepEqual(await mesh.cli('analyze').then(({ code, stdout }) => [code, stdout]), [0, 'no mistakes found\n']);
  });

  it('is taken away by a file that no longer fits its kind', async (t) => {
    const folder = mkdtempSync(join(tmpdir(), 'sallyport-delete-'));
    t.after(() => rmSync(folder, { recursive: true }));
    const file = join(folder, 'routed.yaml');
    writeFileSync(file, virtualService('routed', { hosts: ['first.example'], http: [] }));
    const { code, stderr } = await mesh.cli('apply', '-f', file);
    assert.equal(code, 1);
    assert.match(stderr, /^error: .* VirtualService\/default\/routed /);
    assert.equal(await mesh.run('delete', '-f', file), 'virtualservice.networking.istio.io "routed" deleted\n');
    assert.equal((await mesh.cli('get', 'virtualservice', 'routed')).code, 1);
  });
});
