// A host for one test file alone: a network namespace, /run/netns and /run/sallyport of its own. What such a test
// changes on "the host" meets neither the machine nor other tests.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdirSync, rmdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { test } from 'node:test';
import { needs } from '../../../../test/support/requires.ts';
import { systemCode } from '../../../platform/errors.ts';

const mark = 'SALLYPORT_OWN_HOST';

const prepare = `set -e
mkdir -p /run/netns /run/sallyport
mount -t tmpfs none /run/netns
mount -t tmpfs none /run/sallyport
ip link set lo up
echo 0 > /proc/sys/net/ipv4/ip_forward
exec "$@"`;

/**
 * A folder that is removed takes mounts on it along, in every mount namespace: as long as the tests run, no mesh on the
 * machine itself may find /run/sallyport empty. Returns what ends that.
 */
function keepFolder(): () => void {
  const placeholder = `/run/sallyport/own-host-${process.pid}`;
  mkdirSync(placeholder, { recursive: true });
  return () => {
    rmdirSync(placeholder);
    try {
      rmdirSync(dirname(placeholder));
    } catch (error) {
      if (systemCode(error) !== 'ENOTEMPTY' && systemCode(error) !== 'ENOENT') throw error;
    }
  };
}

/** Runs `tests` on a host of its own, by starting the test file anew there; skipped where that cannot be made. */
export function onOwnHost(file: string, tests: () => void): void {
  if (process.env[mark] !== undefined) {
    tests();
    return;
  }
  test('on a host of its own', needs('root', 'iproute2', 'firewall'), async (t) => {
    t.after(keepFolder());
    const args = ['--net', '--mount', '--propagation', 'slave', '--', 'sh', '-c', prepare, 'sh'];
    const runner = [process.execPath, '--test', '--test-reporter', 'spec', file];
    const { NODE_TEST_CONTEXT: _, ...env } = process.env;
    const child = spawn('unshare', [...args, ...runner], { env: { ...env, [mark]: '1' }, signal: t.signal });
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
