// What a Telemetry makes of access logs and metrics, in a mesh that runs; flows and decisions go on whatever it says.
import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import { statusOf } from '../support/calls.ts';
import { serviceEntry, startMesh, type TestMesh, type Workload } from '../support/mesh.ts';
import { gateway, gatewayPort, meshGateway, outboundPolicy, telemetry, virtualService } from '../support/networking.ts';
import { startOutsideHttp } from '../support/outside-server.ts';
import { outsideAddress } from '../support/outside-world.ts';
import { needs } from '../support/requires.ts';
import { suiteScope } from '../support/suite-scope.ts';
import { decisionsOf, metricOf } from '../support/traffic.ts';
import { until } from '../support/until.ts';

describe('Telemetry', needs('root', 'iproute2', 'firewall'), () => {
  const scope = suiteScope();
  let mesh: TestMesh;
  let caller: Workload;
  let quiet: Workload;
  let count = 0;

  before(async () => {
    await startOutsideHttp({ t: scope, address: outsideAddress(108), port: 80 });
    mesh = await startMesh(scope, { up: ['site', 'nobody'].flatMap((n) => ['--resolve', `${n}.test=198.51.100.108`]) });
    await mesh.apply(outboundPolicy('REGISTRY_ONLY') + serviceEntry('site', { hosts: ['site.test'] }));
    caller = await mesh.workload('caller');
    quiet = await mesh.workload('quiet', { args: ['--label', 'app=quiet'] });
    await until('the site is open', async () => (await statusOf(caller, 'site.test')) === 200);
  });

  const logOf = ({ name }: Workload) => mesh.run('logs', name, '-c', 'istio-proxy', '--tail', '10000');

  /** A request that its path tells from all others. */
  async function send(from: Workload, host: string): Promise<string> {
    count += 1;
    const path = `/request-${count}`;
    await statusOf(from, host, { path });
    return path;
  }

  /**
   * Whether the request stands in the log. Lines are written once a second in the order of their requests, and of one that is
   * not written nothing tells: there is a request after it that was stopped, whose line must come.
   */
  async function isInLog(from: Workload, path: string): Promise<boolean> {
    const later = new Set<string>();
    const log = await until('a later line is there', async () => {
      later.add(await send(from, 'nobody.test'));
      const text = await logOf(from);
      return [...later].some((one) => text.includes(`${one} `)) && text;
    });
    return log.includes(`${path} `);
  }

  async function isLogged(from: Workload, host: string): Promise<boolean> {
    return isInLog(from, await send(from, host));
  }

  function logs(from: Workload, host: string, expected: boolean): Promise<boolean> {
    const words = `${from.name} ${expected ? 'logs' : 'does not log'} ${host}`;
    return until(words, async () => (await isLogged(from, host)) === expected);
  }

  it('logs what meets its filter, and counts and records everything', async () => {
    await logs(caller, 'site.test', true);
    const filter = { expression: 'response.code >= 400' };
    const yaml = telemetry('failures', { accessLogging: [{ providers: [{ name: 'envoy' }], filter }] });
    await mesh.apply(yaml);
    await logs(caller, 'site.test', false);
    assert.equal(await isLogged(caller, 'nobody.test'), true);
    const to = ['source_workload="caller"', 'destination_service="site.test"'];
    const before = await metricOf(mesh, 'istio_requests_total', to);
    assert.equal(await isLogged(caller, 'site.test'), false);
    await until('it is counted', async () => (await metricOf(mesh, 'istio_requests_total', to)) === before + 1);
    await mesh.remove(yaml);
    await logs(caller, 'site.test', true);
  });

  it('is silent for chosen workloads, whose decisions are recorded all the same', async () => {
    const all = telemetry(
      'mesh',
      { accessLogging: [{ providers: [{ name: 'envoy' }] }] },
      { namespace: 'istio-system' },
    );
    const silence = telemetry('quiet', {
      selector: { matchLabels: { app: 'quiet' } },
      accessLogging: [{ disabled: true }],
    });
    await mesh.apply(all + silence);
    await until('its proxy has taken it', async () => {
      const listeners = await mesh.run('proxy-config', 'listeners', 'quiet', '-o', 'json');
      const states = await mesh.run('proxy-config', 'listeners', 'quiet');
      return !listeners.includes('envoy.access_loggers.stdout') && !/STALE|NOT_SENT/.test(states);
    });
    const silent = await send(quiet, 'nobody.test');
    assert.equal(await isLogged(caller, 'nobody.test'), true);
    // No line comes of what is silent: it speaks again to tell that this one will not.
    await mesh.remove(silence);
    assert.equal(await isInLog(quiet, silent), false);
    await until('the decision is there', async () => {
      const decisions = await decisionsOf(mesh);
      return decisions.some(({ source, path }) => source.workload === 'quiet' && path === silent);
    });
    await mesh.remove(all);
  });

  it('filters the log of a gateway', async () => {
    const chosen = { 'gateway-name': 'gate' };
    const answer = { directResponse: { status: 200, body: { string: 'gate' } } };
    const filter = { expression: "request.url_path.startsWith('/told')" };
    const server = { port: { number: 80, name: 'http', protocol: 'HTTP' }, hosts: ['*'] };
    await mesh.apply(
      meshGateway('gate', { type: 'egress', serviceType: 'ClusterIP', ports: [gatewayPort('http', 80, 8080)] }) +
        gateway('gate', { selector: chosen, servers: [server] }) +
        virtualService('gate', { hosts: ['gate.test'], gateways: ['gate'], http: [answer] }) +
        telemetry('gate', {
          selector: { matchLabels: chosen },
          accessLogging: [{ match: { mode: 'CLIENT' }, filter }],
        }),
    );
    const headers = { host: 'gate.test' };
    const ask = (path: string) => statusOf(caller, 'gate.default.svc.cluster.local', { path, headers });
    const rule = virtualService('way', {
      hosts: ['gate.test'],
      http: [{ route: [{ destination: { host: 'gate.default.svc.cluster.local', port: { number: 80 } } }] }],
    });
    await mesh.apply(rule);
    await until('the gateway answers', async () => (await ask('/silent')) === 200);
    assert.equal(await ask('/silent'), 200);
    assert.equal(await ask('/told'), 200);
    const log = () => mesh.run('logs', '-l', 'gateway-name=gate', '-c', 'istio-proxy');
    await until('it is logged', async () => (await log()).includes('/told '));
    assert.doesNotMatch(await log(), /\/silent /);
  });

  it('takes no filter that Envoy would refuse', async () => {
    const filter = { expression: 'response.code >= 400 &&' };
    await assert.rejects(mesh.apply(telemetry('bad', { accessLogging: [{ filter }] })), /ends too early/);
    await logs(caller, 'site.test', true);
  });

  it('leaves metrics out, and sums up what has lost the tag that told it apart', async () => {
    const blocked = ['source_workload="caller"', 'destination_service_name="BlackHoleCluster"'];
    await statusOf(caller, 'nobody.test');
    const sums = async () => metricOf(mesh, 'istio_requests_total', blocked);
    await until('blocked requests are counted', async () => (await sums()) > 0);
    const overrides = [
      { match: { metric: 'REQUEST_DURATION' }, disabled: true },
      { match: { metric: 'REQUEST_COUNT' }, tagOverrides: { response_code: { operation: 'REMOVE' } } },
    ];
    const yaml = telemetry('metrics', { metrics: [{ overrides }] });
    const expected = await metricOf(mesh, 'istio_requests_total', ['source_workload="caller"']);
    await mesh.apply(yaml);
    await until('durations are gone', async () => {
      const durations = await metricOf(mesh, 'istio_request_duration_milliseconds_count', ['source_workload="caller"']);
      return durations === 0;
    });
    assert.ok((await metricOf(mesh, 'istio_requests_total', ['source_workload="caller"'])) >= expected);
    assert.equal(await metricOf(mesh, 'istio_requests_total', ['source_workload="caller"', 'response_code=']), 0);
    await mesh.remove(yaml);
    await until('durations are back', async () => {
      return (await metricOf(mesh, 'istio_request_duration_milliseconds_count', ['source_workload="caller"'])) > 0;
    });
  });
});
