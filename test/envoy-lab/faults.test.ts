// Faults on purpose: what the caller sees, what the server does not, and that only the route has a say in it.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { buildFaultFilter, type Fault, faultOnRoute } from '../../src/envoy/fault.ts';
import { whereRoutesAsk } from '../../src/envoy/http-filters.ts';
import type { Scope } from '../support/envoy-process.ts';
import { httpCall } from '../support/http-client.ts';
import { builtPerFilter } from './built.ts';
import type { Json } from './envoy-json.ts';
import { pathRoute, startRoutedServer } from './routed-server.ts';

function start(t: Scope, faults: Readonly<Record<string, Fault>>, action: Json = {}) {
  const faulty = Object.entries(faults).map(([path, fault]) =>
    pathRoute(path, action, { typed_per_filter_config: builtPerFilter(faultOnRoute(fault)) }),
  );
  const routes = [...faulty, pathRoute('/none', action)];
  return startRoutedServer(t, { routes, filters: whereRoutesAsk([buildFaultFilter()]) });
}

test('an abort answers with its status and `fault filter abort`, flag FI, and the server sees nothing', async (t) => {
  const { ask } = await start(t, { '/abort': { abort: { status: 418, percent: 100 } } });
  const { answer, attempts, log } = await ask('/abort');
  assert.deepEqual([answer.status, answer.body, attempts], [418, 'fault filter abort', 0]);
  assert.equal(answer.headers['content-type'], 'text/plain');
  assert.equal(log, '418 FI fault_filter_abort');
  assert.equal((await ask('/none')).answer.status, 200);
});

test('gRPC callers get a gRPC status: the one given, or what stands for the HTTP status', async (t) => {
  const { ask } = await start(t, {
    '/http': { abort: { status: 418, percent: 100 } },
    '/grpc': { abort: { grpcStatus: 14, percent: 100 } },
  });
  const grpc = { 'content-type': 'application/grpc' };
  for (const [path, status] of [
    ['/http', '2'],
    ['/grpc', '14'],
  ] as const) {
    const { answer, log } = await ask(path, grpc);
    assert.deepEqual([answer.status, answer.headers['grpc-status']], [200, status]);
    assert.equal(answer.headers['grpc-message'], 'fault filter abort');
    assert.equal(log, '200 FI fault_filter_abort');
  }
});

// Envoy's timers count whole milliseconds and may end one early: the delays are 5 ms longer than what is asked.
test("a delay comes before the route's own time-out begins; flag DI", async (t) => {
  const { ask } = await start(t, { '/delay': { delay: { ms: 305, percent: 100 } } }, { timeout: '0.2s' });
  const { answer, log, ms } = await ask('/delay');
  assert.equal(answer.status, 200);
  assert.equal(log, '200 DI via_upstream');
  assert.ok(ms >= 300, `${ms} ms`);
});

test('both: first the delay, then the abort', async (t) => {
  const both = { delay: { ms: 105, percent: 100 }, abort: { status: 500, percent: 100 } };
  const { ask } = await start(t, { '/both': both });
  const { log, ms } = await ask('/both');
  assert.equal(log, '500 DI,FI fault_filter_abort');
  assert.ok(ms >= 100, `${ms} ms`);
});

test('an abort is not retried', async (t) => {
  const retry_policy = { retry_on: '5xx', num_retries: 3 };
  const { ask, envoy } = await start(t, { '/abort': { abort: { status: 503, percent: 100 } } }, { retry_policy });
  assert.equal((await ask('/abort')).log, '503 FI fault_filter_abort');
  assert.equal(await envoy.stat('http.in.fault.aborts_injected'), 1);
});

test('half of them: about half; none of them: none', async (t) => {
  const { ask, port } = await start(t, {
    '/half': { abort: { status: 418, percent: 50 } },
    '/zero': { abort: { status: 418, percent: 0 }, delay: { ms: 5000, percent: 0 } },
  });
  for (let request = 0; request < 5; request++) assert.equal((await ask('/zero')).log, '200 - via_upstream');
  let aborted = 0;
  for (let request = 0; request < 400; request++) {
    aborted += (await httpCall({ port, host: 'a.test', path: '/half' })).status === 418 ? 1 : 0;
  }
  // Six standard deviations.
  assert.ok(aborted > 140 && aborted < 260, `${aborted} of 400`);
});

test('what a caller asks for in headers is not obeyed', async (t) => {
  const { ask } = await start(t, { '/delay': { delay: { ms: 1, percent: 100 } } });
  const wished = { 'x-envoy-fault-abort-request': '400', 'x-envoy-fault-delay-request': '5000' };
  assert.equal((await ask('/none', wished)).log, '200 - via_upstream');
  assert.equal((await ask('/delay', wished)).log, '200 DI via_upstream');
});
