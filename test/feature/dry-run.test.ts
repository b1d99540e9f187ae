// What a dry run says of calls on record is what then happens to them: the change is made, and each is made again, seen by its
// caller and by the servers outside. With every kind of call: by name and by address, of a wildcard, through a gateway.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { before, describe, it } from 'node:test';
import type { DryRunBody } from '../../src/server/wire.ts';
import { overTls, statusOf } from '../support/calls.ts';
import { serviceEntry, startMesh, type TestMesh, type Workload } from '../support/mesh.ts';
import { egressPolicy, gatewayPort, meshGateway } from '../support/networking.ts';
import { type OutsideHttp, type OutsideTcp, startOutsideHttp, startOutsideTcp } from '../support/outside-server.ts';
import { outsideAddress } from '../support/outside-world.ts';
import { needs } from '../support/requires.ts';
import { suiteScope } from '../support/suite-scope.ts';
import { flowsOf } from '../support/traffic.ts';
import { until, untilFits } from '../support/until.ts';

const port = (number: number, protocol: string) => ({ number, name: `${protocol.toLowerCase()}-${number}`, protocol });
const [http, tls, tcp] = [port(80, 'HTTP'), port(443, 'TLS'), port(7000, 'TCP')];
const named = ['plain', 'tls', 'tcp', 'limited', 'via', 'stranger', 'unknown'].map((name) => `${name}.dry.test`);
const wild = 'a.wild.dry.test';

const plainEntry = serviceEntry('plain', { hosts: ['plain.dry.test'], ports: [http] });
const viaEntry = serviceEntry('via', { hosts: ['via.dry.test'], ports: [http] });
const entries =
  plainEntry +
  serviceEntry('tls', { hosts: ['tls.dry.test'], ports: [tls] }) +
  serviceEntry('tcp', { hosts: ['tcp.dry.test'], ports: [tcp] }) +
  serviceEntry('wild', { hosts: ['*.wild.dry.test'], ports: [http], resolution: 'DYNAMIC_DNS' });
const limitedEntry = serviceEntry('limited', { hosts: ['limited.dry.test'], ports: [http] });

const limits = egressPolicy('limits', { hosts: ['limited.dry.test'], methods: ['GET'] });
const gateway = meshGateway('egress', {
  type: 'egress',
  serviceType: 'ClusterIP',
  ports: [gatewayPort('http', 80, 8080)],
});
const throughGateway = egressPolicy('through', {
  hosts: ['via.dry.test'],
  ports: [{ number: 80 }],
  gateway: 'egress',
});

describe('dry-run', needs('root', 'iproute2', 'firewall'), () => {
  const scope = suiteScope();
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-dry-'));
  const names = outsideAddress(201);
  const bare = outsideAddress(202);
  let mesh: TestMesh;
  let web: Workload;
  let outside: readonly (OutsideHttp | OutsideTcp)[];

  before(async () => {
    scope.after(() => rmSync(folder, { recursive: true, force: true }));
    outside = [
      await startOutsideHttp({ t: scope, address: names, port: 80 }),
      await startOutsideHttp({ t: scope, address: names, port: 443, tls: true }),
      await startOutsideTcp({ t: scope, address: names, port: 7000 }),
      await startOutsideTcp({ t: scope, address: bare, port: 7001 }),
    ];
    mesh = await startMesh(scope, {
      up: ['--capture', 'redirect', ...[...named, wild].flatMap((name) => ['--resolve', `${name}=${names}`])],
    });
    await mesh.apply(entries + limitedEntry + viaEntry);
    web = await mesh.workload('web');
  });

  const asked = (host: string, method = 'GET') => statusOf(web, host, { method, keepAlive: false });
  const sent = async (host: string, number: number) => {
    const { text, error } = await web.perform({ do: 'tcp', host, port: number, send: 'hello', expect: 5 });
    return error ?? text ?? '';
  };
  /** By what dry runs call them; whether they were answered as by the server outside. */
  const calls: Readonly<Record<string, () => Promise<boolean>>> = {
    'http://plain.dry.test:80': async () => (await asked('plain.dry.test')) === 200,
    'http://limited.dry.test:80': async () => (await asked('limited.dry.test')) === 200,
    'http://via.dry.test:80': async () => (await asked('via.dry.test')) === 200,
    'http://stranger.dry.test:80': async () => (await asked('stranger.dry.test')) === 200,
    'http://*.wild.dry.test:80': async () => (await asked(wild)) === 200,
    'tls://tls.dry.test:443': async () => (await overTls(web, 'tls.dry.test')) === 'HTTP/1.1 200 OK',
    'tls://unknown.dry.test:443': async () => (await overTls(web, 'unknown.dry.test')) === 'HTTP/1.1 200 OK',
    'tcp://tcp.dry.test:7000': async () => (await sent('tcp.dry.test', 7000)) === 'hello',
    [`tcp://${bare}:7001`]: async () => (await sent(bare, 7001)) === 'hello',
  };
  const all = Object.keys(calls);

  const arrivals = () => outside.reduce((total, { connections }) => total + connections.items.length, 0);
  const httpArrivals = () => (outside[0] as OutsideHttp).requests.items.length;

  /** Which of them pass, as their caller sees it; the server outside agrees. */
  async function passing(): Promise<readonly string[]> {
    const passed: string[] = [];
    for (const [name, call] of Object.entries(calls)) {
      const had = [arrivals(), httpArrivals()];
      const passes = await call();
      const came = name.startsWith('http:') ? httpArrivals() > (had[1] ?? 0) : arrivals() > (had[0] ?? 0);
      assert.equal(came, passes, `${name} at the other end`);
      if (passes) passed.push(name);
    }
    return passed;
  }

  async function dryRun(...args: readonly string[]): Promise<DryRunBody> {
    return JSON.parse(await mesh.run('dry-run', ...args, '-o', 'json'));
  }

  /** What it says, `breaks http://host:80`. */
  function told({ effects }: DryRunBody): readonly string[] {
    return effects
      .map(
        ({ consequence, destination, protocol }) =>
          `${consequence} ${protocol}://${destination.host}:${destination.port}`,
      )
      .sort();
  }

  function fileOf(manifests: string): string {
    const file = join(folder, 'change.yaml');
    writeFileSync(file, manifests);
    return file;
  }

  const breaking = (names: readonly string[]) => names.map((name) => `breaks ${name}`).sort();
  const without = (names: readonly string[]) => all.filter((name) => !names.includes(name));

  it('restricted: what nobody registered breaks, by name and by address; a workload that is gone is not judged', async () => {
    const gone = await mesh.workload('gone');
    assert.equal(await statusOf(gone, 'plain.dry.test'), 200);
    assert.deepEqual(await passing(), all);
    // Each is a flow; one more is of the workload that will be gone.
    await untilFits(
      () => flowsOf(mesh),
      (flows) => flows.length === all.length + 1,
    );
    await mesh.run('delete', 'pod', 'gone');
    const broken = ['http://stranger.dry.test:80', 'tls://unknown.dry.test:443', `tcp://${bare}:7001`];
    const said = await untilFits(
      () => dryRun('restricted'),
      ({ notJudged }) => notJudged.gone === 1,
    );
    assert.equal(said.judged, all.length);
    assert.deepEqual(told(said), breaking(broken));
    assert.deepEqual((await mesh.cli('dry-run', 'restricted', '--exit-code')).code, 1);
    await mesh.run('istio', 'outbound-traffic-policy', 'restricted');
    await untilFits(passing, (now) => now.join() === without(broken).join());
    assert.deepEqual(told(await dryRun('restricted')), []);
    assert.deepEqual(told(await dryRun('allowed')), broken.map((name) => `opens ${name}`).sort());
  });

  it('--delete -f: what the files registered breaks; -f of the same opens it again', async () => {
    const broken = [
      'http://plain.dry.test:80',
      'http://*.wild.dry.test:80',
      'tls://tls.dry.test:443',
      'tcp://tcp.dry.test:7000',
    ];
    const before = await passing();
    assert.deepEqual(told(await dryRun('--delete', '-f', fileOf(entries))), breaking(broken));
    await mesh.remove(entries);
    await untilFits(passing, (now) => now.join() === before.filter((name) => !broken.includes(name)).join());
    // What is refused of a wildcard is on record by its own name.
    const opened = [...broken, `http://${wild}:80`].map((name) => `opens ${name}`).sort();
    await untilFits(
      async () => told(await dryRun('-f', fileOf(entries))),
      (lines) => lines.join() === opened.join(),
    );
    await mesh.apply(entries);
    await untilFits(passing, (now) => now.join() === before.join());
  });

  it('-f: a policy that limits methods may break, and says which', async () => {
    const said = await dryRun('-f', fileOf(limits));
    assert.deepEqual(told(said), ['may-break http://limited.dry.test:80']);
    const [effect] = said.effects;
    assert.match(effect?.when.join() ?? '', /GET/);
    assert.deepEqual([effect?.changed.object, effect?.changed.sees], ['EgressPolicy/default/limits', 403]);
    assert.equal(await asked('limited.dry.test', 'POST'), 200);
    await mesh.apply(limits);
    await until('it is refused', async () => (await asked('limited.dry.test', 'POST')) === effect?.changed.sees);
    assert.equal(await asked('limited.dry.test'), 200);
  });

  it('-f: a policy with a gateway moves; without it what goes by the gateway breaks', {
    timeout: 120_000,
  }, async () => {
    const said = await dryRun('-f', fileOf(gateway + throughGateway));
    assert.deepEqual(told(said), ['moves http://via.dry.test:80']);
    const [effect] = said.effects;
    assert.deepEqual([effect?.present.via, effect?.changed.via], [[], ['default/egress']]);
    await mesh.apply(gateway + throughGateway);
    const byGateway = async () => {
      await asked('via.dry.test');
      return (await flowsOf(mesh)).some(({ source, destination, via }) => {
        return source.workload === 'web' && destination.host === 'via.dry.test' && via[0] === 'default/egress';
      });
    };
    await until('it goes by the gateway', byGateway, 60_000);
    // The policy stands for the entry.
    assert.deepEqual(told(await dryRun('--delete', '-f', fileOf(viaEntry))), []);
    await mesh.remove(viaEntry);
    await until('it goes on', async () => (await asked('via.dry.test')) === 200);
    assert.deepEqual(told(await dryRun('--delete', '-f', fileOf(throughGateway))), ['breaks http://via.dry.test:80']);
    await mesh.remove(throughGateway);
    await until('it is stopped', async () => (await asked('via.dry.test')) === 502);
  });
});
