// Alerts of a live mesh: what programs really call raises them, once, also when the control plane is killed in between; and a
// real Prometheus with the rules and queries that docs/ ships sees the same.
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { before, describe, it } from 'node:test';
import type { AlertBody, AlertsBody } from '../../src/server/wire.ts';
import { filledIn, readDashboard } from '../support/grafana-dashboard.ts';
import { startMesh, type TestMesh, type Workload } from '../support/mesh.ts';
import { controlPlanePid, kill } from '../support/mesh-processes.ts';
import { startOutsideHttp } from '../support/outside-server.ts';
import { outsideAddress } from '../support/outside-world.ts';
import { type Prometheus, startPrometheus } from '../support/prometheus.ts';
import { needs } from '../support/requires.ts';
import { suiteScope } from '../support/suite-scope.ts';
import { until } from '../support/until.ts';

const registered = 'registered.test';
const hosts = [registered, 'known.test', 'new.test', 'drop.test', 'evil.test'];
const rulesFile = join(import.meta.dirname, '../../docs/prometheus/alerts.yaml');

function entry(name: string, host: string): string {
  return `
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: ${name}, namespace: shop}
spec:
  hosts: [${host}]
  ports: [{number: 80, name: http, protocol: HTTP}, {number: 443, name: tls, protocol: TLS}]
  resolution: DNS
`;
}

describe('alerts', needs('root', 'iproute2', 'firewall', 'prometheus'), () => {
  const scope = suiteScope();
  const address = outsideAddress(252);
  let mesh: TestMesh;
  let caller: Workload;
  let prometheus: Prometheus;
  let up: readonly string[];

  before(async () => {
    await startOutsideHttp({ t: scope, address, port: 80 });
    await startOutsideHttp({ t: scope, address, port: 443, tls: true });
    up = hosts.flatMap((host) => ['--resolve', `${host}=${address}`]);
    mesh = await startMesh(scope, { up });
    await settings({ learning: '1s', 'bytes-out-minimum': '2Ki' });
    const folder = mkdtempSync(join(tmpdir(), 'sp-rules-'));
    scope.after(() => rmSync(folder, { recursive: true }));
    const rules = join(folder, 'alerts.yaml');
    // What the file says of five minutes is seen within a test of five seconds.
    writeFileSync(rules, readFileSync(rulesFile, 'utf8').replaceAll('offset 5m', 'offset 5s'));
    prometheus = await startPrometheus({
      t: scope,
      scrape: [{ job: 'mesh', target: mesh.listen }],
      rulesFiles: [rules],
    });
    await mesh.apply(entry('registered', registered));
    caller = await mesh.workload('caller', { namespace: 'shop' });
  });

  const get = (host: string) => caller.perform({ do: 'http', host });

  function settings(said: Readonly<Record<string, string>>): Promise<string> {
    const annotations = Object.fromEntries(
      Object.entries(said).map(([name, text]) => [`alerts.egress.sallyport.dev/${name}`, text]),
    );
    const patch = JSON.stringify({ metadata: { annotations } });
    return mesh.run('patch', 'istio', 'mesh', '-n', 'istio-system', '--type', 'merge', '-p', patch);
  }

  async function alerts(...args: readonly string[]): Promise<readonly AlertBody[]> {
    const body: AlertsBody = JSON.parse(await mesh.run('alerts', '-o', 'json', ...args));
    return body.alerts;
  }

  function alertAbout(host: string, kind: AlertBody['kind'], count = 1): Promise<AlertBody> {
    return until(`${kind} about ${host}, ${count} times`, async () => {
      const found = (await alerts('--kind', kind)).filter(({ destination }) => destination.host === host);
      assert.ok(found.length <= 1, 'one for all of it');
      return found[0]?.count === count ? found[0] : undefined;
    });
  }

  it('a host that is called first, and not what the mesh has called from its beginning', async () => {
    await get('known.test');
    await until('its learning time is over', async () => {
      const { status } = await get(registered);
      const [flow] = JSON.parse(await mesh.run('traffic', '-o', 'json')).flows;
      return status === 200 && flow !== undefined && Date.now() - Date.parse(flow.firstSeen) > 1500;
    });
    await get('new.test');
    const alert = await alertAbout('new.test', 'first-seen');
    assert.equal(alert.severity, 'warning');
    assert.deepEqual(alert.source, {
      namespace: 'shop',
      workload: 'caller',
      identity: 'spiffe://cluster.local/ns/shop/sa/default',
    });
    assert.deepEqual(alert.destination, { kind: 'passthrough', host: 'new.test', port: 80 });
    assert.deepEqual(
      (await alerts('--kind', 'first-seen')).map(({ destination }) => destination.host),
      ['new.test'],
    );
  });

  it('a bare address in HTTP and without SNI', async () => {
    await caller.perform({ do: 'http', host: address });
    const alert = await alertAbout(address, 'ip-literal');
    assert.equal(alert.protocol, 'http');
    assert.equal(alert.destination.port, 80);
  });

  it('far more bytes out than to an unknown host, and the traffic command says that there are alerts', async () => {
    const send = `fetch('http://drop.test/', { method: 'POST', body: 'x'.repeat(30_000) }).then((r) => console.log(r.status))`;
    const sent = await mesh.run('exec', 'caller', '-n', 'shop', '--', process.execPath, '-e', send);
    assert.equal(sent, '200\n');
    const alert = await alertAbout('drop.test', 'bytes-out');
    assert.equal(alert.severity, 'critical');
    assert.match(alert.reason, /^29 KiB went out to drop\.test:80 within ten minutes/);
    assert.match((await mesh.cli('traffic')).stderr, /\d alerts are open; see sallyport alerts\n$/);
  });

  it('blocked calls are attempted exfiltration, counted once though the control plane is killed in between', async () => {
    await mesh.run('istio', 'outbound-traffic-policy', 'restricted');
    await until('it is blocked', async () => (await get('evil.test')).status === 502);
    const before = await until('the calls so far are counted', async () => {
      const { flows } = JSON.parse(await mesh.run('traffic', '-o', 'json'));
      const evil = flows.filter(
        ({ destination }: { destination: { host: string; kind: string } }) =>
          destination.host === 'evil.test' && destination.kind === 'blocked',
      );
      return evil[0]?.requests as number | undefined;
    });
    for (let call = 0; call < 4; call += 1) await get('evil.test');
    await kill(await controlPlanePid(mesh));
    for (let call = 0; call < 3; call += 1) await get('evil.test');
    await mesh.run('up', '--detach', '--listen', mesh.listen, ...up);
    const alert = await alertAbout('evil.test', 'blocked-burst', before + 7);
    assert.match(alert.reason, /^attempted exfiltration, .* calls to evil\.test:80 were blocked \(BlackHoleCluster\)/);
    assert.equal(alert.severity, 'warning');
    assert.equal((await alertAbout('drop.test', 'bytes-out')).id < alert.id, true);
  });

  it('Prometheus fires by the rules that docs ship, and rests when all is acknowledged', async () => {
    const firing = async () => {
      const samples = await prometheus.query('ALERTS{alertstate="firing"}');
      return samples.map(({ labels }) =>
        [labels['alertname'], labels['destination_service'] ?? labels['kind']].join(' '),
      );
    };
    await until(
      'they fire',
      async () => {
        await get('evil.test');
        const names = await firing();
        return [
          'EgressAttemptedExfiltration evil.test',
          'EgressAlertOpen blocked-burst',
          'EgressAlertOpen bytes-out',
        ].every((name) => names.includes(name));
      },
      60_000,
    );
    const open = await alerts('--state', 'open');
    await mesh.run('alerts', 'ack', ...open.map(({ id }) => String(id)));
    await until('they rest', async () => (await firing()).length === 0, 60_000);
    assert.deepEqual(await alerts('--state', 'open'), []);
  });

  it('each query of the dashboard that docs ship finds something', async () => {
    await mesh.run('istio', 'outbound-traffic-policy', 'allowed');
    const unanswered = new Set(readDashboard().panels.flatMap(({ targets }) => targets.map(({ expr }) => expr)));
    await until(
      'all are answered',
      async () => {
        await Promise.all([get('evil.test'), get(registered), get('new.test')]);
        await caller.perform({ do: 'tls', host: registered });
        for (const expr of unanswered) {
          const samples = await prometheus.query(filledIn(expr, '10s'));
          if (samples.length > 0) unanswered.delete(expr);
        }
        return unanswered.size === 0 || undefined;
      },
      60_000,
    ).catch((error: unknown) => {
      throw new Error(`no data: ${[...unanswered].join('\n')}`, { cause: error });
    });
  });
});
