import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { startControlPlane } from '../../../test/support/control-plane.ts';
import type { Registry } from '../../telemetry/intake/registry.ts';
import { memoryLedger } from '../testing/memory-ledger.ts';
import { flow } from '../testing/traffic.ts';
import type { FlowsBody, GraphBody } from '../wire.ts';

const shop = flow();
const other = flow({
  source: { namespace: 'other', workload: 'db' },
  open: 2,
  protocol: 'tcp',
  requests: 0,
  connections: 2,
});

async function started(t: TestContext, registry?: Pick<Registry, 'asked' | 'policy'>) {
  const traffic = memoryLedger();
  traffic.commit({ flows: [shop, other] });
  const { url } = await startControlPlane(t, { traffic, ...(registry === undefined ? {} : { registry }) });
  return async (path: string) => {
    const answer = await fetch(`${url}/v1${path}`);
    return { status: answer.status, body: await answer.json() };
  };
}

test('flows are told as the contract has them, with what is ours behind', async (t) => {
  const get = await started(t);
  const { flows } = (await get('/flows?namespace=shop')).body as FlowsBody;
  const { flags, open, peers, ...contract } = shop;
  assert.equal(JSON.stringify(flows), JSON.stringify([{ ...contract, flags, open, peers }]));
});

test('flows are chosen by source, and by what is open', async (t) => {
  const get = await started(t);
  const sources = async (query: string) =>
    ((await get(`/flows${query}`)).body as FlowsBody).flows.map(({ source }) => source.workload);
  assert.deepEqual(await sources(''), ['web', 'db']);
  assert.deepEqual(await sources('?workload=web'), ['web']);
  assert.deepEqual(await sources('?open=true'), ['db']);
  assert.deepEqual(await sources('?open=true&namespace=shop'), []);
});

test('the stretch that is told goes until now', async (t) => {
  const get = await started(t);
  const before = Date.now();
  const { from, to } = (await get('/flows?since=90s')).body as FlowsBody;
  assert.ok(Date.parse(to) >= before && Date.parse(to) <= Date.now());
  assert.ok(Date.parse(from) <= before - 90_000 && Date.parse(from) > before - 151_000);
});

test('of open connections it is told whether a new one would be let out', async (t) => {
  const asked: unknown[] = [];
  const registry = (
    mode: 'ALLOW_ANY' | 'REGISTRY_ONLY',
    isRegistered: boolean,
  ): Pick<Registry, 'asked' | 'policy'> => ({
    policy: () => ({ mode, object: 'default' }),
    asked: ({ namespace }, ...words) => {
      asked.push([namespace, ...words]);
      return isRegistered ? { registered: { destination: other.destination, protocol: 'tcp' } } : {};
    },
  });
  for (const [mode, isRegistered, expected] of [
    ['REGISTRY_ONLY', true, true],
    ['REGISTRY_ONLY', false, false],
    ['ALLOW_ANY', false, true],
  ] as const) {
    const get = await started(t, registry(mode, isRegistered));
    const { flows } = (await get('/flows')).body as FlowsBody;
    assert.deepEqual(
      flows.map(({ stillAllowed }) => stillAllowed),
      [undefined, expected],
    );
  }
  assert.deepEqual(asked, [
    ['other', 'api.example.com', 443],
    ['other', 'api.example.com', 443],
  ]);
});

test('a wildcard is asked for by a name below it; of what is unknown nothing is said', async (t) => {
  const destination = { kind: 'external', host: '*.example.com', port: 443 } as const;
  const traffic = memoryLedger();
  traffic.commit({
    flows: [
      flow({ open: 1, destination }),
      flow({ open: 1, destination: { ...destination, host: 'other' } }),
      flow({ open: 1, destination: { ...destination, port: 0 } }),
    ],
  });
  const registry: Pick<Registry, 'asked' | 'policy'> = {
    policy: () => ({ mode: 'REGISTRY_ONLY', object: 'default' }),
    asked: (_, host) => (host === 'x.example.com' ? { registered: { destination, protocol: 'tls' } } : {}),
  };
  const { url } = await startControlPlane(t, { traffic, registry });
  const { flows } = (await (await fetch(`${url}/v1/flows`)).json()) as FlowsBody;
  assert.deepEqual(
    flows.map(({ stillAllowed }) => stillAllowed),
    [true, undefined, undefined],
  );
});

test('the graph is that of the flows', async (t) => {
  const get = await started(t);
  const { nodes, edges } = (await get('/graph?namespace=shop&from=2026-01-01T00:00:00Z&to=2026-01-01T01:00:00Z'))
    .body as GraphBody;
  assert.deepEqual(
    nodes.map(({ id }) => id),
    ['external/api.example.com', 'workload/shop/web'],
  );
  assert.equal(edges[0]?.rate, shop.requests / 3600);
});

const wrong: readonly (readonly [string, RegExp])[] = [
  ['/flows?sinse=5m', /no query parameter 'sinse'.*there are since, from/],
  ['/flows?since=5', /'since' is wrong.*30s, 5m/],
  ['/flows?since=99999999d', /'since' is wrong/],
  ['/flows?open=yes', /'open' is wrong.*true or false/],
  ['/flows?from=yesterday', /'from' is wrong.*RFC 3339/],
  ['/graph?from=2026-01-01T00:00:00Z&to=2025-01-01T00:00:00Z', /ends before it begins/],
  ['/graph?namespace=', /'namespace' is wrong.*is empty/],
];

for (const [path, message] of wrong) {
  test(`${path} is refused in words`, async (t) => {
    const { status, body } = await (await started(t))(path);
    assert.equal(status, 400);
    assert.match(JSON.stringify(body), message);
  });
}
