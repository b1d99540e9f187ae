// Time-outs and retries of routes, counted at the server; and nothing that Envoy writes about them on a request leaves, at
// any attempt, while what the route sets itself does.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { buildHeaderStripping, gatewayHeaders, routerHeaders } from '../../src/envoy/header-stripping.ts';
import type { Scope } from '../support/envoy-process.ts';
import type { OutsideHttp } from '../support/outside-server.ts';
import type { Json } from './envoy-json.ts';
import { pathRoute, type RoutedServerOptions, startRoutedServer } from './routed-server.ts';

/** The route `/` does this; the server answers what `status` says, and never where that is undefined. */
function start(
  t: Scope,
  action: Json,
  status: number | undefined,
  fields: Json = {},
  more: Partial<RoutedServerOptions> = {},
) {
  return startRoutedServer(t, {
    routes: [pathRoute('/', action, fields)],
    upstreamFilters: [buildHeaderStripping(routerHeaders)],
    respond: (_request, response) => {
      if (status === undefined) return;
      response.statusCode = status;
      response.end();
    },
    ...more,
  });
}

/** Of all requests so far: names and values of Envoy's headers. */
function envoyHeaders(outside: OutsideHttp): string[] {
  return outside.requests.items.flatMap(({ headers }) =>
    [...headers].filter(([name]) => /^x-(envoy|forwarded)-/.test(name) && name !== 'x-forwarded-proto').map(String),
  );
}

interface Case {
  readonly name: string;
  readonly action: Json;
  readonly status: number | undefined;
  readonly log: string;
  readonly attempts: number;
}

const retrying = (retryOn: string, more: Json = {}) => ({
  retry_policy: { retry_on: retryOn, num_retries: 2, retry_back_off: { base_interval: '0.005s' }, ...more },
});

const cases: readonly Case[] = [
  {
    name: 'a time-out',
    action: { timeout: '0.2s' },
    status: undefined,
    log: '504 UT response_timeout',
    attempts: 1,
  },
  {
    name: 'retries on 5xx',
    action: { timeout: '5s', ...retrying('5xx') },
    status: 503,
    log: '503 URX via_upstream',
    attempts: 3,
  },
  {
    name: 'retries on a listed status',
    action: retrying('retriable-status-codes', { retriable_status_codes: [418] }),
    status: 418,
    log: '418 URX via_upstream',
    attempts: 3,
  },
  {
    name: 'no retries on a status that is not listed',
    action: retrying('retriable-status-codes', { retriable_status_codes: [418] }),
    status: 503,
    log: '503 - via_upstream',
    attempts: 1,
  },
  {
    name: 'no retries on connect-failure when the server answers 503',
    action: retrying('connect-failure,refused-stream'),
    status: 503,
    log: '503 - via_upstream',
    attempts: 1,
  },
  {
    name: 'no server at all',
    action: { cluster: 'dead', ...retrying('connect-failure') },
    status: 200,
    log: '503 URX,UF upstream_reset_before_response_started{remote_connection_failure|delayed_connect_error:_Connection_refused}',
    attempts: 0,
  },
  {
    name: 'a time-out of each try, retried on 5xx',
    action: { timeout: '5s', ...retrying('5xx', { per_try_timeout: '0.1s' }) },
    status: undefined,
    log: '504 URX,UT upstream_per_try_timeout',
    attempts: 3,
  },
  {
    name: 'a time-out of each try, not retried on connect-failure',
    action: { timeout: '5s', ...retrying('connect-failure', { per_try_timeout: '0.1s' }) },
    status: undefined,
    log: '504 UT upstream_per_try_timeout',
    attempts: 1,
  },
  {
    name: 'the whole time-out ends retries',
    action: { timeout: '0.25s', ...retrying('5xx', { per_try_timeout: '0.1s', num_retries: 10 }) },
    status: undefined,
    log: '504 UT response_timeout',
    attempts: 3,
  },
];

for (const { name, action, status, log, attempts } of cases) {
  test(`${name}: ${log.slice(0, 40)}, ${attempts} requests at the server, none with a header of Envoy`, async (t) => {
    const rewriting = { host_rewrite_literal: 'other.test', prefix_rewrite: '/new' };
    const { ask, outside } = await start(t, { ...rewriting, ...action }, status);
    const outcome = await ask('/');
    assert.equal(outcome.log, log);
    assert.equal(outcome.attempts, attempts);
    assert.deepEqual(envoyHeaders(outside), []);
  });
}

test('a dead endpoint beside a live one: the retry goes to the live one', async (t) => {
  const previous = 'envoy.extensions.retry.host.previous_hosts.v3.PreviousHostsPredicate';
  const retry_host_predicate = [{ name: 'previous', typed_config: { '@type': `type.googleapis.com/${previous}` } }];
  const policy = retrying('connect-failure', { retry_host_predicate, host_selection_retry_max_attempts: 5 });
  const { ask } = await start(t, { cluster: 'half', ...policy }, 200);
  for (let request = 0; request < 6; request++) {
    const { log, attempts } = await ask('/');
    assert.deepEqual([log, attempts], ['200 - via_upstream', 1]);
  }
});

test('without the filter, what the router adds leaves', async (t) => {
  const { ask, outside } = await start(t, { timeout: '5s' }, 200, {}, { upstreamFilters: [] });
  await ask('/');
  assert.deepEqual(envoyHeaders(outside), ['x-envoy-expected-rq-timeout-ms,5000', 'x-envoy-attempt-count,1']);
});

function added(key: string, value: string): Json {
  return { header: { key, value }, append_action: 'OVERWRITE_IF_EXISTS_OR_ADD' };
}

test("headers that a route sets leave, under Envoy's prefixes too, with each attempt", async (t) => {
  const { ask, outside } = await start(t, { timeout: '5s', ...retrying('5xx') }, 503, {
    request_headers_to_add: [added('x-envoy-mine', '1'), added('x-forwarded-for', '192.0.2.1')],
  });
  assert.equal((await ask('/')).attempts, 3);
  const each = ['x-envoy-mine,1', 'x-forwarded-for,192.0.2.1'];
  assert.deepEqual(envoyHeaders(outside), [...each, ...each, ...each]);
});

test("request_headers_to_add under one of the router's names does not leave where it is stripped", async (t) => {
  const { ask, outside } = await start(t, {}, 200, {
    request_headers_to_add: [added('x-envoy-original-path', 'mine')],
  });
  await ask('/');
  assert.deepEqual(envoyHeaders(outside), []);
});

test('what a route sets as x-envoy-retry-on and x-envoy-max-retries, the router obeys and takes off', async (t) => {
  const request_headers_to_add = [added('x-envoy-retry-on', '5xx'), added('x-envoy-max-retries', '2')];
  const { ask, outside } = await start(t, {}, 503, { request_headers_to_add });
  assert.equal((await ask('/')).attempts, 3);
  assert.deepEqual(envoyHeaders(outside), []);
});

test("a gateway's caller is not told outside", async (t) => {
  const fields = { request_headers_to_remove: [...gatewayHeaders] };
  const { ask, outside } = await start(t, { timeout: '5s' }, 200, fields, {
    manager: {
      use_remote_address: true,
      generate_request_id: false,
      route_config: {
        virtual_hosts: [{ name: 'all', domains: ['*'], routes: [pathRoute('/', { timeout: '5s' }, fields)] }],
      },
    },
  });
  await ask('/', { 'x-forwarded-host': 'inside.test', 'x-forwarded-for': '10.1.2.3' });
  const { headers } = await outside.requests.next();
  assert.deepEqual(
    [...headers.keys()].filter((name) => name.startsWith('x-')),
    [],
  );
});
