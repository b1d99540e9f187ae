// `suggest --apply` and then `restricted`: what ran goes on, as servers outside see it, and everything else is stopped: other hosts,
// other ports, the same hosts from another namespace. Against a mesh that let everything out.
import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import { overTls, statusOf } from '../support/calls.ts';
import { startMesh, type TestMesh, type Workload } from '../support/mesh.ts';
import { type OutsideHttp, type OutsideTcp, startOutsideHttp, startOutsideTcp } from '../support/outside-server.ts';
import { outsideAddress } from '../support/outside-world.ts';
import { needs } from '../support/requires.ts';
import { suiteScope } from '../support/suite-scope.ts';
import { flowsOf } from '../support/traffic.ts';
import { until, untilFits } from '../support/until.ts';

const [api, feed, team, stranger] = ['api.seen.test', 'feed.seen.test', 'team.seen.test', 'stranger.seen.test'];

/** What a call was answered with, and whether it arrived. */
type Call = () => Promise<string>;

describe('suggest', needs('root', 'iproute2', 'firewall'), () => {
  const scope = suiteScope();
  const names = () => outsideAddress(63);
  const bare = () => outsideAddress(64);
  const feeds = () => outsideAddress(65);
  let mesh: TestMesh;
  let [web, jobs, other]: readonly Workload[] = [];
  let outside: readonly (OutsideHttp | OutsideTcp)[];

  before(async () => {
    const on = (address: string, port: number, tls = false) => startOutsideHttp({ t: scope, address, port, tls });
    outside = [
      await on(names(), 80),
      await on(names(), 8080),
      await on(names(), 443, true),
      await on(feeds(), 80),
      await on(feeds(), 8080),
      await on(bare(), 80),
      await startOutsideTcp({ t: scope, address: bare(), port: 5432 }),
      await startOutsideTcp({ t: scope, address: bare(), port: 5433 }),
    ];
    const up = [api, feed, team, stranger].flatMap((host) => [
      '--resolve',
      `${host}=${host === feed ? feeds() : names()}`,
    ]);
    mesh = await startMesh(scope, { up });
    [web, jobs, other] = [
      await mesh.workload('web', { namespace: 'shop', args: ['--label', 'app=web'] }),
      await mesh.workload('jobs', { namespace: 'shop', args: ['--label', 'app=jobs'] }),
      await mesh.workload('web', { namespace: 'other' }),
    ];
  });

  /** Connections of all kinds that came to anybody outside. */
  const arrivals = () => outside.reduce((sum, { connections }) => sum + connections.items.length, 0);

  const http =
    (from: Workload | undefined, host: string, port = 80) =>
    async () =>
      String(from && (await statusOf(from, host, { port })));
  const tls =
    (from: Workload | undefined, host: string, port = 443) =>
    async () =>
      from === undefined ? '' : overTls(from, host, { port });
  const tcp = (from: Workload | undefined, host: string, port: number) => async () => {
    const { text, error } = (await from?.perform({ do: 'tcp', host, port, send: 'hello', expect: 5 })) ?? {};
    return error ?? text ?? '';
  };

  const answered: Readonly<Record<string, string>> = { http: '200', tls: 'HTTP/1.1 200 OK', tcp: 'hello' };

  async function assertAll(calls: Readonly<Record<string, Call>>, passes: boolean): Promise<void> {
    for (const [name, call] of Object.entries(calls)) {
      const before = arrivals();
      const answer = await call();
      const good = answered[name.split(' ')[0] ?? ''];
      assert.equal(answer === good, passes, `${name}: ${answer}`);
      assert.equal(arrivals() > before, passes, `${name} at the other end`);
    }
  }

  async function passedHosts(): Promise<readonly string[]> {
    const passed = (await flowsOf(mesh)).filter(({ destination }) => destination.kind === 'passthrough');
    return passed
      .map(({ source, destination }) => `${source.namespace} ${destination.host}:${destination.port}`)
      .sort();
  }

  const seen = (): Readonly<Record<string, Call>> => ({
    'http of web': http(web, api),
    'tls of web': tls(web, api),
    'http of web on a port of its own': http(web, feed, 8080),
    'http of jobs': http(jobs, api),
    'http by address': http(web, bare()),
    'tcp by address': tcp(web, bare(), 5432),
    'http of the other namespace': http(other, feed),
  });

  it('makes objects of what passed that let it go on when nothing else may', async () => {
    await assertAll(seen(), true);
    const expected = [
      `other ${feed}:80`,
      `shop ${api}:443`,
      `shop ${api}:80`,
      `shop ${api}:80`,
      // Nobody reads what passes on a port that no object names.
      `shop ${feeds()}:8080`,
      `shop ${bare()}:5432`,
      `shop ${bare()}:80`,
    ].sort();
    await untilFits(passedHosts, (hosts) => hosts.join() === expected.join());
    const table = await mesh.run('suggest');
    assert.match(table, /^shop +api\.seen\.test:80 +HTTP +2 requests +jobs, web +\d+s$/m);
    const nameOf = (address: string) => `${address.replaceAll('.', '-')}.address.internal`;
    const objects = [`other/${feed}`, `shop/${nameOf(bare())}`, `shop/${nameOf(feeds())}`, `shop/${api}`];
    const applied = await mesh.run('suggest', '--apply', '--yes');
    assert.deepEqual(
      [...applied.matchAll(/^\+\+\+ ServiceEntry\/(.*)$/gm)].map(([, name]) => name),
      objects,
    );
    assert.deepEqual(
      applied.split('\n').filter((line) => line.endsWith(' created')),
      objects.map((name) => `serviceentry.networking.istio.io/${name.split('/')[1]} created`),
    );
    const again = await mesh.cli('suggest');
    assert.deepEqual([again.stdout, again.stderr.split(':')[0]], ['', 'Nothing to suggest']);
    assert.equal(await mesh.run('analyze'), 'no mistakes found\n');

    await mesh.run('istio', 'outbound-traffic-policy', 'restricted');
    await until('the policy is in force', async () => (await http(other, stranger)()) === '502');
    await assertAll(seen(), true);
  });

  it('and everything else is stopped', async () => {
    await assertAll(
      {
        'http to a stranger': http(web, stranger),
        'tls to a stranger': tls(web, stranger),
        'http on another port': http(web, api, 8080),
        'http to a host of the other namespace': http(web, feed),
        'http of the other namespace': http(other, api),
        'tls of the other namespace': tls(other, api),
        'tcp of the other namespace': tcp(other, bare(), 5432),
        'tcp to another port': tcp(web, bare(), 5433),
        'http to another address': http(web, names()),
      },
      false,
    );
    // It is told of, and asked for it is suggested.
    const blocked = await until('that is on record', async () => {
      const { stdout } = await mesh.cli('suggest', '--host', stranger, '-o', 'wide');
      return /^shop .*stopped/m.test(stdout) && stdout;
    });
    assert.match(
      blocked,
      /^shop +stranger\.seen\.test:80 +HTTP +1 request, stopped +web .* ServiceEntry\/shop\/stranger\.seen\.test$/m,
    );
    assert.equal((await mesh.cli('suggest')).stdout, '');
  });

  it('for a workload alone, and for a time: the others of its namespace are refused', async () => {
    await mesh.run('istio', 'outbound-traffic-policy', 'allowed');
    await until('the policy is in force', async () => (await http(web, team)()) === '200');
    await until('that is on record', async () => (await passedHosts()).includes(`shop ${team}:80`));
    const applied = await mesh.run('suggest', '--as', 'egresspolicy', '--expires', '1h', '--apply', '--yes');
    assert.match(applied, /^\+ {2}- selector:\n\+ {6}matchLabels:\n\+ {8}app: web$/m);
    assert.match(applied, /^egresspolicy\.egress\.sallyport\.dev\/web-http-80-until-\d+t\d+z created$/m);
    assert.equal(await mesh.run('analyze'), 'no mistakes found\n');
    await mesh.run('istio', 'outbound-traffic-policy', 'restricted');
    await until('the policy is in force', async () => (await http(other, stranger)()) === '502');
    await assertAll({ 'http of web': http(web, team) }, true);
    await assertAll({ 'http of jobs': http(jobs, team), 'http of the other namespace': http(other, team) }, false);
  });
});
