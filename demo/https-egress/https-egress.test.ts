// The programs of the fourth story, without a mesh: each answer of the external service is a line of `traffic`.
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { httpCall } from '../../test/support/http-client.ts';
import { startOutsideHttp } from '../../test/support/outside-server.ts';
import { freePort } from '../../test/support/ports.ts';
import { type Program, startListening, startProgram } from '../testing/program.ts';

async function startApp(t: TestContext, external: number): Promise<Program & { readonly port: number }> {
  const port = await freePort();
  const env = { PORT: String(port), EXTERNAL_SERVICE: `http://127.0.0.1:${external}/` };
  return { ...(await startListening(t, 'https-egress/app.ts', env)), port };
}

/** Answers as the mesh may: v1, v2, an abort, nothing at all. */
async function startExternal(t: TestContext) {
  const answers = [
    [200, 'Hello K8s, from CF v1 service!'],
    [418, 'fault filter abort'],
    [200, 'Hello K8s, from CF v2 service!'],
    [504, ''],
  ] as const;
  let turn = 0;
  return startOutsideHttp({
    t,
    respond(_, response) {
      const [status, body] = answers[turn++ % answers.length] ?? [500, ''];
      response.writeHead(status).end(body);
    },
  });
}

test('the app answers what it was answered, and says so where nobody does', async (t) => {
  const external = await startExternal(t);
  const { port, lines } = await startApp(t, external.port);
  const ask = async () => {
    const { status, body } = await httpCall({ port, host: 'service-that-calls-externally' });
    return [status, body];
  };
  assert.deepEqual(await ask(), [200, 'Hello K8s, from CF v1 service!']);
  assert.deepEqual(await ask(), [418, 'fault filter abort']);
  await lines.find((line) => line.includes(`GET http://127.0.0.1:${external.port}/ -> 418 (`));
  const nobody = await freePort();
  const lost = await startApp(t, nobody);
  const { status, body } = await httpCall({ port: lost.port, host: 'a' });
  assert.deepEqual([status, body], [503, `127.0.0.1:${nobody}: connection refused`]);
});

test('so many requests as are asked for, a line for each: RFC 3339 with +00:00, and the body', async (t) => {
  const external = await startExternal(t);
  const env = { TARGET: `http://127.0.0.1:${external.port}/` };
  const { process: child, lines, ended } = startProgram(t, 'https-egress/traffic.ts', env, '5');
  const times: string[] = [];
  child.stdout?.on('data', (chunk: Buffer) => times.push(...(chunk.toString().match(/^\S+/gm) ?? [])));
  assert.deepEqual(await ended, { code: 0, signal: null });
  assert.deepEqual(lines.items, [
    'Hello K8s, from CF v1 service!',
    'fault filter abort',
    'Hello K8s, from CF v2 service!',
    '504, nothing said',
    'Hello K8s, from CF v1 service!',
  ]);
  assert.equal(external.requests.items.length, 5);
  assert.equal(times.length, 5);
  for (const time of times) assert.match(time, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+00:00$/);
});

test('without a number one a second, until it is asked to end', async (t) => {
  const external = await startExternal(t);
  const {
    process: child,
    lines,
    ended,
  } = startProgram(t, 'https-egress/traffic.ts', {
    TARGET: `http://127.0.0.1:${external.port}/`,
  });
  const started = performance.now();
  for (let index = 0; index < 3; index++) await lines.next();
  const tookMs = performance.now() - started;
  assert.ok(tookMs > 1500 && tookMs < 8000, `three lines in ${tookMs} ms`);
  child.kill('SIGTERM');
  assert.deepEqual(await ended, { code: 0, signal: null });
});
