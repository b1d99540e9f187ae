// The load generator: its rate, and that nothing it is answered ends it.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startOutsideHttp } from '../../test/support/outside-server.ts';
import { startProgram } from '../testing/program.ts';

test('keeps its rate, survives every answer, ends when asked', async (t) => {
  const target = await startOutsideHttp({
    t,
    respond(_, response) {
      const turn = target.requests.items.length % 3;
      if (turn === 0) response.socket?.resetAndDestroy();
      else response.writeHead(turn === 1 ? 200 : 502).end();
    },
  });
  const program = startProgram(t, 'load/main.ts', { TARGET: `http://127.0.0.1:${target.port}/x`, RPS: '20' });
  await program.lines.find((line) => line === `bombardier GET http://127.0.0.1:${target.port}/x, 20 a second`);
  const at: number[] = [];
  for (let index = 0; index < 21; index++) {
    assert.equal((await target.requests.next()).url, '/x');
    at.push(performance.now());
  }
  const tookMs = (at.at(-1) ?? 0) - (at[0] ?? 0);
  assert.ok(tookMs > 600 && tookMs < 4000, `20 requests in ${tookMs} ms`);
  program.process.kill('SIGTERM');
  assert.deepEqual(await program.ended, { code: 0, signal: null });
});

test('sends its forms in turn', async (t) => {
  const target = await startOutsideHttp({ t });
  const env = { TARGET: `http://127.0.0.1:${target.port}/recipes`, RPS: '50', BODIES: 'title=A\ntitle=B' };
  startProgram(t, 'load/main.ts', env);
  for (const expected of ['title=A', 'title=B', 'title=A']) {
    const { method, body, headers } = await target.requests.next();
    assert.deepEqual([method, body.toString()], ['POST', expected]);
    assert.equal(headers.get('content-type'), 'application/x-www-form-urlencoded');
  }
});

test('a wrong rate is one clear line', async (t) => {
  const program = startProgram(t, 'load/main.ts', { RPS: '0' });
  assert.equal((await program.ended).code, 1);
  assert.deepEqual(program.lines.items, ['bombardier error: RPS=0: give a number from 0.01 to 1000']);
});
