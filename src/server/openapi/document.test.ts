// The document says what there is, no more and no less, and real answers are as it says.
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { startControlPlane } from '../../../test/support/control-plane.ts';
import { serviceEntry } from '../../../test/support/manifests.ts';
import { kinds } from '../../api/kinds.ts';
import type { CheckAnswer } from '../../check/check.ts';
import type { ProxyStatus } from '../../discovery/proxy-state.ts';
import { typeUrls } from '../../discovery/view.ts';
import type { DryRun } from '../../dry-run/dry-run.ts';
import type { AuthorityStatus } from '../../identity/authority-status.ts';
import { requestJson } from '../../platform/unix-http.ts';
import type { TestRun } from '../../policy-test/result.ts';
import type { PodStatus } from '../../runtime/protocol.ts';
import type { Upkeep } from '../../upkeep/upkeep.ts';
import type { End } from '../../verdict/verdict.ts';
import { createApp } from '../app.ts';
import { createStreamLimit } from '../events/stream-limit.ts';
import { readEvents } from '../testing/event-reader.ts';
import { memoryLedger } from '../testing/memory-ledger.ts';
import { alert, decision, flow } from '../testing/traffic.ts';
import { type OpenApiDocument, openApiDocument, operations } from './document.ts';
import type { Operation } from './operation.ts';

const proxy: ProxyStatus = {
  proxy: {
    namespace: 'default',
    name: 'echo-1',
    workload: 'echo',
    serviceAccount: 'default',
    labels: { app: 'echo' },
    type: 'sidecar',
    nodeId: 'x',
  },
  connectedAt: '2026-01-01T00:00:00Z',
  version: '1.40.0',
  types: new Map([
    [
      typeUrls.cluster,
      {
        state: 'ERROR',
        resources: 3,
        refused: [{ name: 'x', origins: ['ServiceEntry/a/b'], error: 'no', since: '2026-01-01T00:00:00Z' }],
      },
    ],
  ]),
};

const running = { phase: 'Running', ready: true, restarts: 0, pid: 1, startedAt: '2026-01-01T00:00:00Z' } as const;
const dns = { address: '10.0.0.3', port: 53 };
const pod: PodStatus = {
  namespace: 'default',
  name: 'echo-1',
  uid: 'u',
  workload: 'echo',
  podIP: '10.0.0.1',
  appIP: '10.0.0.1',
  proxyIP: '10.0.0.2',
  proxyUid: 1,
  xdsPath: '/x',
  dns,
  dnsRelay: dns,
  outboundProxy: dns,
  app: running,
  proxy: { phase: 'CrashLoopBackOff', ready: false, restarts: 2, exitCode: 1, reason: 'it ended' },
  logs: { app: '', access: '', envoy: '' },
};

const certificate = { subject: 'CN=x', fingerprint: 'AB', notBefore: '', notAfter: '', certificate: 'PEM' };
const authority: AuthorityStatus = {
  source: 'own',
  trustDomain: 'cluster.local',
  issuer: certificate,
  roots: [{ ...certificate, role: 'retired' }],
  certificateLifeSeconds: 2.5,
  certificates: 1,
  rotation: { phase: 'renewing', waitingFor: ['default/echo-1'], until: '2026-01-01T00:00:00Z' },
  problem: { source: '/x', message: 'm', hint: 'h' },
};

const none = { calls: 0, workloads: 0, hosts: 0 };
const seenAt = '2026-01-01T00:00:00Z';
const dryRun: DryRun = {
  since: seenAt,
  judged: 1,
  notJudged: { gone: 0, other: 0, entering: 0 },
  summary: {
    breaks: { calls: 1, workloads: 1, hosts: 1 },
    'may-break': none,
    opens: none,
    'may-open': none,
    moves: none,
  },
  effects: [
    {
      consequence: 'breaks',
      source: { namespace: 'a', workload: 'b' },
      destination: { host: 'c', port: 80, kind: 'passthrough' },
      protocol: 'http',
      requests: 1,
      connections: 0,
      lastSeen: seenAt,
      when: [],
      present: { leaves: true, object: 'default', via: [], tls: 'as-sent' },
      changed: { leaves: false, sees: 502, object: 'default', reason: 'r', via: ['a/b'], tls: 'as-sent' },
    },
  ],
};
const policyTests: TestRun = {
  tests: [
    {
      namespace: 'a',
      name: 'b',
      expectations: [
        {
          path: 'spec.mayReach[0]',
          title: 't',
          passed: false,
          tried: 1,
          failures: [{ caller: 'a/b', call: 'http://c', outcome: 'o', when: ['w'], reason: 'r', object: 'default' }],
        },
      ],
    },
  ],
  passed: 0,
  failed: 1,
};
const upkeep: Upkeep = {
  since: seenAt,
  unused: [{ host: 'a', ports: [80], object: 'ServiceEntry/a/b', lastUsed: seenAt }],
  shadowed: [{ host: 'a', object: 'ServiceEntry/a/b', by: ['Service/a/b'] }],
  uncovered: [{ namespace: 'a', workload: 'b', reason: 'r' }],
  aroundGateways: [
    {
      source: { namespace: 'a', workload: 'b' },
      host: 'c',
      port: 443,
      gateways: ['a/g'],
      objects: ['VirtualService/a/c'],
      requests: 0,
      connections: 1,
      lastSeen: seenAt,
    },
  ],
};
const hop = {
  kind: 'sidecar',
  namespace: 'default',
  workload: 'echo',
  listener: '',
  chain: '',
  tls: 'as-sent',
} as const;
const told = { signature: 'unknown-host', reason: 'r', object: 'o' } as const;
const ends: readonly End[] = [
  { kind: 'external', host: 'a', port: 1, object: 'o', serviceEntry: 'a/b', tls: 'originated', reported: 'p' },
  { kind: 'passthrough', host: 'a', port: 1, ...told },
  { kind: 'answered', code: 301, object: 'o' },
  { kind: 'refused', how: 'closed', ...told },
  { kind: 'unanswered', how: 503, host: 'a', port: 1, reason: 'r', object: 'o' },
  { kind: 'untold', reason: 'r' },
];
const checked: CheckAnswer = {
  caller: proxy.proxy,
  verdict: {
    answer: 'depends',
    ways: ends.map((end) => ({ when: ['c'], hops: [{ ...hop, route: '', cluster: '', objects: ['o'] }], end })),
  },
  change: { summary: 's', objects: [serviceEntry('c')] },
};

async function started(t: TestContext) {
  const traffic = memoryLedger();
  traffic.commit({
    flows: [flow({ open: 1, via: ['istio-system/egress'] }), flow({ protocol: 'tcp', responses: {} })],
    decisions: [decision(), decision({ method: 'GET', path: '/' })],
    alerts: [alert({ acknowledgedAt: 1, resolvedAt: 2 })],
  });
  const source = { file: 'a.yaml', line: 1, column: 2 };
  const plane = await startControlPlane(t, {
    traffic,
    check: async () => checked,
    proxies: () => [proxy],
    pods: () => [pod],
    proxyConfig: () => [{ name: 'a', version: '1', origins: [], state: 'SYNCED', json: {} }],
    acknowledge: (id) => alert({ id }),
    authority: { status: () => authority, rotate: () => authority },
    dryRun: async () => dryRun,
    upkeep: async () => upkeep,
    policyTests: async () => policyTests,
    execPlan: async () => ({ argv: ['true'], env: { A: 'b' }, cwd: '/' }),
    diagnostics: async () => [
      { severity: 'error', code: 'SP0101', resource: '', path: '', message: 'm', hint: 'h', source },
    ],
  });
  await plane.store.apply([serviceEntry('a')]);
  return plane;
}

/** `/a/{b?}` of hono as the paths that it stands for. */
function documentPaths(path: string): readonly string[] {
  const whole = path.replaceAll(/:(\w+)\??/g, '{$1}');
  return path.endsWith('?') ? [whole.slice(0, whole.lastIndexOf('/')), whole] : [whole];
}

test('every route is in the document, and nothing else is', async (t) => {
  const { deps } = await started(t);
  const app = createApp(deps, { transport: 'unix', streams: createStreamLimit() });
  const routes = app.routes.filter(({ method }) => method !== 'ALL');
  const there = routes.flatMap(({ method, path }) =>
    documentPaths(path).map((one) => `${method.toLowerCase()} ${one}`),
  );
  const { paths } = openApiDocument('1');
  const told = Object.entries(paths).flatMap(([path, methods]) => Object.keys(methods).map((one) => `${one} ${path}`));
  assert.deepEqual(told.sort(), [...new Set(there)].sort());
});

test('it has the schema of each kind', () => {
  const { schemas } = openApiDocument('1').components;
  for (const { kind } of kinds) assert.ok(Object.hasOwn(schemas, `kinds.${kind}`), kind);
});

test('what the document refers to is there', () => {
  const document = openApiDocument('1');
  const names = [...JSON.stringify(document).matchAll(/"\$ref":"#\/components\/schemas\/(\w+)"/g)];
  assert.ok(names.length > 20);
  for (const [, name = ''] of names) assert.ok(Object.hasOwn(document.components.schemas, name), name);
});

test('the document is served', async (t) => {
  const { url } = await started(t);
  const document = (await (await fetch(`${url}/v1/openapi.json`)).json()) as OpenApiDocument;
  assert.equal(document.openapi, '3.1.0');
  assert.equal(document.info.version, '9.9.9');
  assert.partialDeepStrictEqual(document.paths['/v1/flows'], {
    get: { parameters: [{ name: 'since', in: 'query', schema: { type: 'string' } }] },
  });
});

const filled: Readonly<Record<string, string>> = {
  kind: 'serviceentries',
  name: 'a',
  namespace: 'default',
  type: 'clusters',
  id: '1',
};

function call({ method, path }: Operation): string {
  const place = path.replaceAll(/\{(\w+)\}/g, (_, name: string) => filled[name] ?? '');
  if (path === '/v1/check') return `${place}?url=http://a.test&workload=echo&headers=x-a:%201`;
  return method === 'get' && path.startsWith('/v1/objects') ? `${place}?view=objects` : place;
}

const bodies = new Map<string, unknown>([
  ['POST /v1/objects', [serviceEntry('b'), { kind: 'Nothing' }]],
  ['POST /v1/tests', { objects: [serviceEntry('b'), { kind: 'Nothing' }], namespace: 'a' }],
  ['POST /v1/dry-run', { objects: [serviceEntry('b'), { kind: 'Nothing' }], since: '1h' }],
]);
const patch = { metadata: { labels: { team: 'red' } } };

function bodyOf(method: string, path: string): { readonly body?: unknown } {
  if (method === 'PATCH') return { body: patch };
  const body = bodies.get(`${method} ${path}`);
  return body === undefined ? {} : { body };
}

test('real answers are as the document says', async (t) => {
  const { folder } = await started(t);
  const ask = (path: string, method = 'GET') =>
    requestJson({
      socketPath: folder.apiSocket,
      path,
      method: method as 'GET',
      ...bodyOf(method, path),
    });
  const documents = operations.filter(({ answers }) =>
    answers.some(({ type, schemas }) => type.endsWith('json') && schemas),
  );
  assert.ok(documents.length > 12);
  for (const operation of documents.toSorted((a, b) => Number(a.method === 'delete') - Number(b.method === 'delete'))) {
    const { status, body } = await ask(call(operation), operation.method.toUpperCase());
    assert.equal(status, 200, operation.path);
    const [schema] = operation.answers[0]?.schemas ?? [];
    const result = schema?.safeParse(body);
    assert.ok(result?.success, `${operation.path}: ${result?.error?.message}`);
  }
  const table = operations.find(({ path }) => path === '/v1/objects/{kind}')?.answers[0]?.schemas?.[1];
  table?.parse((await ask('/v1/objects/namespaces?view=table')).body);
  const errorSchema = operations.find(({ path }) => path === '/v1/watch/{kind}')?.answers[0]?.schemas?.[1];
  errorSchema?.parse((await ask('/v1/objects/nonsense')).body);
});

test('messages of the event stream and of a watch are as the document says', { timeout: 20_000 }, async (t) => {
  const { url, store } = await started(t);
  const schemasOf = (path: string) => operations.find((one) => one.path === path)?.answers[0]?.schemas ?? [];
  const [decisions, changed, alerts, proxies, objects] = schemasOf('/v1/events');
  const byEvent = new Map([
    ['decisions', decisions],
    ['flows', changed],
    ['diagnostics', changed],
    ['alerts', alerts],
    ['proxies', proxies],
    ['objects', objects],
  ]);
  const reader = await readEvents(t, `${url}/v1/events?afterId=0`);
  await reader.until((events) => new Set(events.map(({ event }) => event)).size === byEvent.size);
  await store.apply([serviceEntry('c')]);
  await reader.until((events) => events.filter(({ event }) => event === 'objects').length === 2);
  for (const { event, data } of reader.events) {
    const result = byEvent.get(event)?.safeParse(data);
    assert.ok(result?.success, `${event}: ${result?.error?.message}`);
  }
  const watch = await readEvents(t, `${url}/v1/watch/serviceentries?view=table`);
  const [message] = await watch.until(({ length }) => length > 0);
  schemasOf('/v1/watch/{kind}')[0]?.parse(message?.data);
});
