import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { startControlPlane } from '../../../test/support/control-plane.ts';
import { until } from '../../../test/support/until.ts';
import { streamLines } from '../../platform/unix-http.ts';
import { memoryLedger } from '../testing/memory-ledger.ts';
import { decision } from '../testing/traffic.ts';
import type { DecisionBody, DecisionsBody } from '../wire.ts';

async function started(t: TestContext) {
  const traffic = memoryLedger();
  traffic.commit({
    decisions: [
      decision(),
      decision({ verdict: 'passthrough', signature: 'passed-unregistered' }),
      decision({ destination: { kind: 'blocked', host: 'other.example.com', port: 80 }, method: 'GET', path: '/a' }),
      decision({ source: { namespace: 'other', workload: 'db', pod: 'db-1', identity: '' } }),
    ],
  });
  const plane = await startControlPlane(t, { traffic });
  const ids = async (query: string) => {
    const body = (await (await fetch(`${plane.url}/v1/decisions${query}`)).json()) as DecisionsBody;
    return body.decisions.map(({ id }) => id);
  };
  return { ...plane, traffic, ids };
}

test('decisions are told oldest first, with their times in words', async (t) => {
  const { url } = await started(t);
  const { decisions, lastId } = (await (
    await fetch(`${url}/v1/decisions?limit=1&workload=web`)
  ).json()) as DecisionsBody;
  assert.equal(lastId, 4);
  assert.partialDeepStrictEqual(decisions, [
    { id: 3, firstAt: '2026-01-01T00:00:00.000Z', lastAt: '2026-01-01T00:00:01.000Z', method: 'GET', path: '/a' },
  ]);
});

test('decisions are chosen by what was asked', async (t) => {
  const { ids } = await started(t);
  assert.deepEqual(await ids(''), [1, 2, 3, 4]);
  assert.deepEqual(await ids('?limit=2'), [3, 4]);
  assert.deepEqual(await ids('?limit=2&afterId=1'), [2, 3]);
  assert.deepEqual(await ids('?verdict=passthrough'), [2]);
  assert.deepEqual(await ids('?host=other.example.com&namespace=shop'), [3]);
  assert.deepEqual(await ids('?since=5m'), []);
});

test('lines for a SIEM are one decision each', async (t) => {
  const { url } = await started(t);
  const answer = await fetch(`${url}/v1/decisions?format=jsonl&namespace=shop`);
  assert.match(answer.headers.get('content-type') ?? '', /^application\/x-ndjson/);
  const lines = (await answer.text()).split('\n');
  assert.equal(lines.pop(), '');
  assert.deepEqual(
    lines.map((line) => (JSON.parse(line) as DecisionBody).id),
    [1, 2, 3],
  );
});

const followed: readonly (readonly [string, readonly number[]])[] = [
  ['limit=1', [4, 5, 7]],
  ['afterId=1&limit=1', [3, 4, 5, 7]],
  ['afterId=2', [3, 4, 5, 7]],
  ['since=5m', [5, 7]],
];

for (const [query, expected] of followed) {
  test(`lines that are followed with ${query} go on with what comes, none twice`, { timeout: 20_000 }, async (t) => {
    const { folder, traffic } = await started(t);
    const seen: number[] = [];
    const enough = new AbortController();
    const path = `/v1/decisions?format=jsonl&follow=true&verdict=blocked&${query}`;
    const lines = streamLines({ socketPath: folder.apiSocket, path, signal: enough.signal });
    const more = () =>
      traffic.commit({
        decisions: [decision({ lastAt: Date.now() }), decision({ verdict: 'passthrough' }), decision()],
      });
    if (query === 'since=5m') void until('the stream is open', () => traffic.listeners() > 0).then(more);
    for await (const line of lines) {
      seen.push((JSON.parse(line) as DecisionBody).id);
      if (seen.at(-1) === 4) more();
      if (seen.at(-1) === 7) enough.abort();
    }
    assert.deepEqual(seen, expected);
    await until('nobody listens any more', () => traffic.listeners() === 0);
  });
}

test('what cannot be is refused', async (t) => {
  const { url } = await started(t);
  for (const query of ['follow=true', 'limit=0', 'limit=10001', 'afterId=x', 'format=xml', 'verdict=allowed']) {
    assert.equal((await fetch(`${url}/v1/decisions?${query}`)).status, 400, query);
  }
});
