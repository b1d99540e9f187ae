import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startControlPlane, type TestControlPlane } from '../../../test/support/control-plane.ts';
import { serviceEntry } from '../../../test/support/manifests.ts';
import { requestJson, type UnixHttpRequest } from '../../platform/unix-http.ts';
import { createApp } from '../app.ts';
import { createStreamLimit } from '../events/stream-limit.ts';

type Call = Pick<UnixHttpRequest, 'method' | 'body'>;

function call({ folder }: TestControlPlane, path: string, request: Call = {}) {
  return requestJson({ socketPath: folder.apiSocket, path, ...request });
}

test('apply stores the good objects and names the bad ones', async (t) => {
  const plane = await startControlPlane(t);
  const bad = { ...serviceEntry('bad'), spec: { hosts: ['*'], nonsense: true } };
  const body = [serviceEntry('a'), bad, serviceEntry('b'), 7];
  const answer = await call(plane, '/v1/objects', { method: 'POST', body });
  assert.equal(answer.status, 200);
  const { results } = answer.body as { results: { printedName: string; outcome?: string; diagnostics: unknown[] }[] };
  assert.deepEqual(
    results.map(({ printedName, outcome }) => [printedName, outcome]),
    [
      ['serviceentry.networking.istio.io/a', 'created'],
      ['', undefined],
      ['serviceentry.networking.istio.io/b', 'created'],
      ['', undefined],
    ],
  );
  assert.ok(results[1]?.diagnostics.length);
  const { items } = await plane.store.list({ group: 'networking.istio.io', kind: 'ServiceEntry' });
  assert.deepEqual(
    items.map(({ metadata }) => metadata.name),
    ['a', 'b'],
  );
});

test('an object of a watched folder is refused alone', async (t) => {
  const plane = await startControlPlane(t);
  await plane.store.apply([serviceEntry('owned')], { ownerFile: '/etc/mesh/owned.yaml' });
  const changed = serviceEntry('owned', 'other.example.com');
  const answer = await call(plane, '/v1/objects', { method: 'POST', body: [changed, serviceEntry('free')] });
  const text = JSON.stringify(answer.body);
  assert.match(text, /belongs to \/etc\/mesh\/owned\.yaml/);
  assert.match(text, /"serviceentry\.networking\.istio\.io\/free","outcome":"created"/);
  const gone = await call(plane, '/v1/objects/se/owned', { method: 'DELETE' });
  assert.equal(gone.status, 409);
});

test('defaults are shown on request and never stored', async (t) => {
  const plane = await startControlPlane(t);
  await plane.store.apply([serviceEntry('a')]);
  assert.doesNotMatch(JSON.stringify((await call(plane, '/v1/objects/se/a')).body), /exportTo/);
  assert.match(JSON.stringify((await call(plane, '/v1/objects/se/a?defaults=true')).body), /"exportTo":\["\*"\]/);
});

test('what an object stands for is told of one object, and on request', async (t) => {
  const expansion = { objects: [serviceEntry('made')], admission: ['all'] };
  const plane = await startControlPlane(t, {
    expansionOf: ({ metadata }) => (metadata.name === 'a' ? expansion : undefined),
  });
  await plane.store.apply([serviceEntry('a'), serviceEntry('b')]);
  const told = async (path: string) => Object((await call(plane, `/v1/objects/se${path}`)).body).expansion;
  assert.deepEqual(await told('/a?expand=true'), expansion);
  for (const path of ['/a', '/a?expand=false', '/b?expand=true', '?expand=true'])
    assert.equal(await told(path), undefined);
});

test('labels select', async (t) => {
  const plane = await startControlPlane(t);
  const [a, b] = [serviceEntry('a'), serviceEntry('b')];
  await plane.store.apply([{ ...a, metadata: { ...a.metadata, labels: { team: 'red' } } }, b]);
  const answer = await call(plane, '/v1/objects/se?labelSelector=team%3Dred&view=table');
  const { rows } = answer.body as { rows: { name: string }[] };
  assert.deepEqual(
    rows.map(({ name }) => name),
    ['a'],
  );
});

test('a patch is validated as a whole', async (t) => {
  const plane = await startControlPlane(t);
  await plane.store.apply([serviceEntry('a')]);
  const patch = (body: unknown) => call(plane, '/v1/objects/serviceentry/a', { method: 'PATCH', body });
  const good = await patch({ spec: { hosts: ['b.example.com'] } });
  assert.deepEqual([good.status, (good.body as { outcome: string }).outcome], [200, 'configured']);
  const again = await patch({ spec: { hosts: ['b.example.com'] } });
  assert.equal((again.body as { outcome: string }).outcome, 'unchanged');
  const bad = await patch({ spec: { hosts: 7 } });
  assert.equal(bad.status, 422);
  assert.match(JSON.stringify(bad.body), /"path":"spec\.hosts"/);
  assert.equal((await patch({ metadata: { name: 'c' } })).status, 400);
  assert.equal((await patch([1])).status, 400);
});

test('what is not there is 404 in the words of the kind', async (t) => {
  const plane = await startControlPlane(t);
  for (const method of ['GET', 'DELETE', 'PATCH'] as const) {
    const answer = await call(plane, '/v1/objects/se/x', method === 'PATCH' ? { method, body: {} } : { method });
    assert.equal(answer.status, 404);
    assert.match(JSON.stringify(answer.body), /serviceentries\.networking\.istio\.io \\"x\\" not found/);
  }
  const unknown = await call(plane, '/v1/objects/servicentry');
  assert.deepEqual(unknown, {
    status: 404,
    body: { code: 'SP_UNKNOWN_KIND', message: "no kind 'servicentry'", hint: 'did you mean serviceentry?' },
  });
});

const hostile: readonly (readonly [string, string, number])[] = [
  ['no JSON', '{"a":', 400],
  ['no array', '{}', 400],
  ['deep nesting', `${'['.repeat(200_000)}${']'.repeat(200_000)}`, 400],
  ['__proto__', '[{"metadata":{"__proto__":{"name":"x"}}}]', 400],
  ['too large', `["${'x'.repeat(32 * 1024 * 1024)}"]`, 413],
];

for (const [name, body, status] of hostile) {
  test(`a body with ${name} is refused with ${status}`, async (t) => {
    const { deps } = await startControlPlane(t);
    const app = createApp(deps, { transport: 'unix', streams: createStreamLimit() });
    const answer = await app.request('/v1/objects', { method: 'POST', body });
    assert.equal(answer.status, status);
    const error = (await answer.json()) as { code: string; message: string };
    assert.ok(error.message.length < 200);
  });
}
