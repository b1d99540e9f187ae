import assert from 'node:assert/strict';
import { createServer } from 'node:net';
import { test } from 'node:test';
import { until } from '../../../test/support/until.ts';
import { listeningPorts } from './listening.ts';
import { pending } from './pod-record.ts';
import { createProgramReadiness } from './program-readiness.ts';

const running = { ...pending, phase: 'Running', process: { pid: process.pid, startTime: 1 } } as const;

test('a program is ready soon after it listens on all of its ports, and begins anew when it ends', async (t) => {
  const [first, second] = [createServer(), createServer()];
  await new Promise<void>((resolve) => first.listen(0, '127.0.0.1', resolve));
  await new Promise<void>((resolve) => second.listen(0, '127.0.0.1', resolve));
  const ports = [first, second].map((server) => Number(Object(server.address()).port));
  await new Promise((resolve) => second.close(resolve));
  t.after(() => [first, second].map((server) => server.close()));
  let changes = 0;
  const readiness = createProgramReadiness({
    ports: () => ports,
    listening: (pid) => listeningPorts(pid, '127.0.0.1'),
    onChange: () => {
      changes += 1;
    },
  });
  t.after(readiness.stop);
  assert.deepEqual(readiness.missing(), []);
  readiness.follow(running);
  assert.deepEqual(readiness.missing(), [ports[1]]);
  second.listen(ports[1], '127.0.0.1');
  await until('ready', () => readiness.missing().length === 0, 500);
  assert.equal(changes, 1);
  readiness.follow(pending);
  await new Promise((resolve) => second.close(resolve));
  readiness.follow(running);
  assert.deepEqual(readiness.missing(), [ports[1]]);
});

test('while the program itself does not run yet it is not ready, and without ports it is', (t) => {
  for (const [ports, missing] of [
    [[8080], [8080]],
    [[], []],
  ] as const) {
    const readiness = createProgramReadiness({
      ports: () => ports,
      listening: () => undefined,
      onChange: () => undefined,
    });
    t.after(readiness.stop);
    readiness.follow(running);
    assert.deepEqual(readiness.missing(), missing);
  }
});
