// Tests of what needs no rights: run as whoever runs them and, where that is root, a second time as a user who may do
// nothing, with next to nothing in its environment.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { accessSync, chmodSync, chownSync, constants, copyFileSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { findEnvoy } from '../../src/runtime/envoy-supply/find-envoy.ts';

const mark = 'SALLYPORT_TEST_NOBODY';
const nobody = 65_534;

/** `file` is the test file itself. */
export function alsoAsNobody(file: string, tests: () => void): void {
  tests();
  if (process.env[mark] !== undefined || process.getuid?.() !== 0) return;
  const open = process.env['CI'] === 'true' || isOpen(file);
  const skip = open ? false : 'this checkout lies where other users cannot read it';
  test('the same as a user without rights', { skip }, async (t) => {
    const home = mkdtempSync(join(tmpdir(), 'sallyport-nobody-'));
    t.after(() => rmSync(home, { recursive: true, force: true }));
    chownSync(home, nobody, nobody);
    const envoy = join(home, 'envoy');
    copyFileSync((await findEnvoy()).path, envoy);
    chmodSync(envoy, 0o755);
    const env = { PATH: '/usr/bin:/bin', HOME: home, SALLYPORT_ENVOY: envoy, [mark]: '1' };
    const runner = ['--test', '--test-reporter', 'spec', file];
    const child = spawn(process.execPath, runner, { env, uid: nobody, gid: nobody, cwd: '/', signal: t.signal });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => {
        output += text;
      });
    }
    const code = await new Promise((resolve, reject) => child.on('error', reject).on('close', resolve));
    assert.equal(code, 0, output);
  });
}

/** Whether everybody may read the file and run this Node. */
function isOpen(file: string): boolean {
  return [file, process.execPath].every((path) => {
    accessSync(path, constants.R_OK);
    for (let folder = dirname(path); folder !== dirname(folder); folder = dirname(folder)) {
      if ((statSync(folder).mode & 0o001) === 0) return false;
    }
    return (statSync(path).mode & 0o004) !== 0;
  });
}
