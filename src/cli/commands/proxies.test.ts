import assert from 'node:assert/strict';
import { test } from 'node:test';
import { assertResult, startMeshForCli } from '../../../test/support/run-sallyport.ts';
import type { ProxyStatus, TypeStatus } from '../../discovery/proxy-state.ts';
import { typeUrls } from '../../discovery/view.ts';
import type { ConfigType, ProxyResource } from '../../server/wire.ts';

function proxy(name: string, workload: string, namespace: string, types: ProxyStatus['types']): ProxyStatus {
  const identity = { namespace, name, workload, serviceAccount: 'default', labels: {}, nodeId: '' };
  return { proxy: { ...identity, type: 'sidecar' }, connectedAt: '2026-01-01T00:00:00Z', version: '1.40.0', types };
}

const synced: TypeStatus = { state: 'SYNCED', resources: 2 };
const refused: TypeStatus = {
  state: 'ERROR',
  resources: 2,
  refused: [
    {
      name: 'outbound|80||x',
      origins: ['ServiceEntry/default/x'],
      error: 'bad\n cluster',
      since: new Date(Date.now() - 185_000).toISOString(),
    },
  ],
};
const proxies = [
  proxy(
    'echo-1',
    'echo',
    'default',
    new Map([
      [typeUrls.cluster, synced],
      [typeUrls.listener, synced],
    ]),
  ),
  proxy('web', 'web', 'shop', new Map([[typeUrls.cluster, refused]])),
];

const config: Partial<Record<ConfigType, readonly ProxyResource[]>> = {
  clusters: [
    resource('outbound|80||httpbin.org', { type: 'STRICT_DNS' }, ['ServiceEntry/default/httpbin']),
    resource('outbound|443|v1|a.com', { cluster_type: { name: 'envoy.clusters.dynamic_forward_proxy' } }),
    resource('BlackHoleCluster', {}),
  ],
  routes: [resource('80', { virtual_hosts: [host('block_all', ['*'], { direct_response: { status: 502 } })] })],
  virtualhosts: [
    resource(
      '80/httpbin.org',
      host('httpbin.org:80', ['httpbin.org'], { route: { cluster: 'outbound|80||httpbin.org' } }),
    ),
  ],
};

function resource(name: string, json: object, origins: readonly string[] = []): ProxyResource {
  return { name, version: '1', origins, state: 'SYNCED', json };
}

function host(name: string, domains: readonly string[], action: object) {
  return { name, domains, routes: [{ match: { prefix: '/' }, ...action }] };
}

const deps = {
  proxies: () => proxies,
  proxyConfig: (_namespace: string, name: string, type: ConfigType) =>
    name === 'echo-1' ? (config[type] ?? []) : undefined,
};

test('proxy-status shows the state of each type, and why one was refused', async (t) => {
  const { run } = await startMeshForCli(t, deps);
  const lines = [
    'NAME             CDS      LDS        EDS        RDS        VHDS       SDS',
    'echo-1.default   SYNCED   SYNCED     NOT SENT   NOT SENT   NOT SENT   NOT SENT',
    'web.shop         ERROR    NOT SENT   NOT SENT   NOT SENT   NOT SENT   NOT SENT',
    '',
    'REFUSED OBJECT           TYPE   RESOURCE         PROXIES    SINCE   REASON',
    'ServiceEntry/default/x   CDS    outbound|80||x   web.shop   3m5s    bad cluster',
  ];
  assertResult(await run('proxy-status'), 0, `${lines.join('\n')}\n`);
  assertResult(await run('ps -n shop'), 0, /^NAME[^\n]*\nweb\.shop /);
  const { proxies: found } = JSON.parse((await run('proxy-status echo -o json')).stdout);
  assert.equal(found[0].types.CDS.state, 'SYNCED');
});

test('proxy-config shows clusters as istioctl does', async (t) => {
  const { run } = await startMeshForCli(t, deps);
  const lines = [
    'SERVICE FQDN       PORT   SUBSET   DIRECTION   TYPE                                  STATE    ORIGIN',
    'BlackHoleCluster   -      -        -           STATIC                                SYNCED   -',
    'a.com              443    v1       outbound    DYNAMIC_DNS    SYNCED   -',
    'httpbin.org        80     -        outbound    STRICT_DNS                            SYNCED   ServiceEntry/default/httpbin',
  ].map((line) => line.replace(/ {2,}/g, '   '));
  const result = await run('proxy-config clusters deploy/echo');
  assertResult({ ...result, stdout: result.stdout.replace(/ {2,}/g, '   ') }, 0, `${lines.join('\n')}\n`);
});

test('proxy-config routes has the virtual hosts that came one by one', async (t) => {
  const { run } = await startMeshForCli(t, deps);
  assertResult(
    await run('pc routes echo.default -n other'),
    0,
    /80 +block_all +\* +\/\* +Status: 502 +SYNCED +-\n80 +httpbin\.org:80 +httpbin\.org +\/\* +outbound\|80\|\|httpbin\.org/,
  );
  const whole = JSON.parse((await run('pc route echo-1 -o json')).stdout);
  assert.deepEqual(
    whole.map(({ name }: { name: string }) => name),
    ['80', '80/httpbin.org'],
  );
  assertResult(await run('pc all echo'), 0, /SERVICE FQDN[\s\S]*\n\nNAME[\s\S]*RESOURCE NAME/);
});

test('a workload or a type that is not there', async (t) => {
  const { run } = await startMeshForCli(t, deps);
  const missing = "error: no proxy of 'nobody' in namespace 'default'\nthere are echo.default, web.shop\n";
  assertResult(await run('proxy-config clusters nobody'), 1, '', missing);
  assertResult(await run('proxy-config things echo'), 2, '', /^error: no type 'things' of configuration\n/);
});
