// `up -f`: manifests followed from files. A mistake keeps the last good version, other writers are refused with the file's
// name, and Ctrl-C in the foreground takes everything down.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { describe, it } from 'node:test';
import type { Diagnostic } from '../../src/platform/diagnostic.ts';
import { serviceEntry, startMesh } from '../support/mesh.ts';
import { virtualService } from '../support/networking.ts';
import { startOutsideHttp } from '../support/outside-server.ts';
import { outsideAddress } from '../support/outside-world.ts';
import { freePort } from '../support/ports.ts';
import { needs } from '../support/requires.ts';
import { until } from '../support/until.ts';

const bin = join(import.meta.dirname, '../../bin/sallyport.cjs');

describe('watched files', needs('root', 'iproute2', 'firewall'), () => {
  it('are in force, keep their last good version, and belong to nobody else', async (t) => {
    const address = outsideAddress(71);
    await startOutsideHttp({ t, address, port: 80 });
    const folder = mkdtempSync(join(tmpdir(), 'sallyport-manifests-'));
    t.after(() => rmSync(folder, { recursive: true, force: true }));
    mkdirSync(join(folder, 'entries'));
    const file = join(folder, 'entries/httpbin.yaml');
    const policy = (mode: string) =>
      `apiVersion: istio.banzaicloud.io/v1beta1\nkind: Istio\nmetadata: { name: mesh, namespace: istio-system }\nspec: { version: 1.4.9, outboundTrafficPolicy: { mode: ${mode} } }\n`;
    writeFileSync(join(folder, 'mesh.yaml'), policy('REGISTRY_ONLY'));
    writeFileSync(file, serviceEntry('httpbin', { hosts: ['one.example'] }));
    const resolve = ['one', 'two'].flatMap((name) => ['--resolve', `${name}.example=${address}`]);
    const mesh = await startMesh(t, { up: ['-f', folder, ...resolve] });
    const caller = await mesh.workload('caller');
    const get = async (host: string) => (await caller.perform({ do: 'http', host: address, headers: { host } })).status;
    assert.equal(await get('one.example'), 200);
    assert.equal(await get('two.example'), 502);

    writeFileSync(file, serviceEntry('httpbin', { hosts: ['two.example'] }));
    await until(
      'the change is in force',
      async () => (await get('two.example')) === 200 && (await get('one.example')) === 502,
    );
    writeFileSync(file, serviceEntry('httpbin', { hosts: ['*'] }));
    const analysis = await until('the mistake is told', async () => {
      const outcome = await mesh.cli('analyze');
      return outcome.code === 1 && outcome;
    });
    assert.match(
      analysis.stdout + analysis.stderr,
      /httpbin\.yaml:1:\d+ ServiceEntry\/default\/httpbin spec\.hosts\[0\]: invalid host \*/,
    );
    assert.equal(await get('two.example'), 200, 'the last good version stays');

    for (const args of [
      ['delete', 'serviceentry', 'httpbin'],
      ['patch', 'serviceentry', 'httpbin', '-p', '{"spec":{"hosts":["three.example"]}}', '--type', 'merge'],
      ['istio', 'otp', 'allowed'],
    ]) {
      const { code, stderr } = await mesh.cli(...args);
      assert.equal(code, 1, args.join(' '));
      assert.match(stderr, new RegExp(`belongs to ${folder}/`));
    }
    rmSync(file);
    await until('the entry went with its file', async () => (await get('two.example')) === 502);
  });

  it('have their place in what their objects say of each other', async (t) => {
    const folder = mkdtempSync(join(tmpdir(), 'sallyport-manifests-'));
    t.after(() => rmSync(folder, { recursive: true, force: true }));
    const file = join(folder, 'routed.yaml');
    const routed = virtualService('routed', {
      hosts: ['web.example'],
      http: [{ route: [{ destination: { host: 'gone.example' } }] }],
    });
    writeFileSync(file, routed);
    const mesh = await startMesh(t, { up: ['-f', folder] });
    const said = (lines: number) =>
      new RegExp(
        `${file}:${lines}:\\d+ VirtualService/default/routed spec\\.http\\[0\\]\\S*: no ServiceEntry or Service`,
      );
    const line = routed.split('\n').findIndex((text) => text.includes('gone.example')) + 1;
    const { stdout, stderr, code } = await mesh.cli('analyze');
    assert.match(stdout + stderr, said(line));
    assert.equal(code, 1);
    assert.match(await mesh.run('describe', 'virtualservice', 'routed'), said(line));

    writeFileSync(file, `# moved\n\n${routed}`);
    await until('it is said of the new place', async () => {
      const response = await fetch(`http://${mesh.listen}/v1/diagnostics`);
      const { diagnostics }: { diagnostics: readonly Diagnostic[] } = JSON.parse(await response.text());
      return diagnostics.some(({ source }) => source?.file === file && source.line === line + 2);
    });
    const second = await mesh.tryApply(routed.replace('"routed"', '"second"'));
    assert.match(second.stdout + second.stderr, new RegExp(`VirtualService/default/routed at ${file}:${line + 2}:1`));
  });

  it('end with up in the foreground at Ctrl-C, which leaves nothing', async (t) => {
    const data = mkdtempSync(join(tmpdir(), 'sallyport-foreground-'));
    t.after(() => rmSync(data, { recursive: true, force: true }));
    const args = [bin, 'up', '--data', data, '--listen', `127.0.0.1:${await freePort()}`];
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] });
    const lines: string[] = [];
    createInterface({ input: child.stdout }).on('line', (line) => lines.push(line));
    await until('the mesh is ready', () => lines.some((line) => line.startsWith('mesh ready')));
    child.kill('SIGINT');
    const [code]: number[] = await once(child, 'exit');
    assert.equal(code, 130);
    assert.match(lines.at(-1) ?? '', /is down$/);
  });
});
