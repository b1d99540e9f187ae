// A host that is allowed for a time: open until then, closed from then on and gone from the store, also where the control
// plane was dead when its time was over.
import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import { startMesh, type TestMesh, type Workload } from '../support/mesh.ts';
import { controlPlanePid, kill } from '../support/mesh-processes.ts';
import { type OutsideHttp, startOutsideHttp } from '../support/outside-server.ts';
import { outsideAddress } from '../support/outside-world.ts';
import { needs } from '../support/requires.ts';
import { suiteScope } from '../support/suite-scope.ts';
import { until } from '../support/until.ts';

const host = 'short.example';

function entry(expires: string): string {
  return `apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: { name: short, annotations: { egress.sallyport.dev/expires: "${expires}" } }
spec: { hosts: [${host}], ports: [{ number: 80, name: http, protocol: HTTP }], resolution: DNS }
`;
}

describe('a host that is allowed for a time', needs('root', 'iproute2', 'firewall'), () => {
  const scope = suiteScope();
  let mesh: TestMesh;
  let caller: Workload;
  let server: OutsideHttp;
  let up: readonly string[];

  before(async () => {
    const address = outsideAddress(33);
    server = await startOutsideHttp({ t: scope, address, port: 80 });
    up = ['--resolve', `${host}=${address}`];
    mesh = await startMesh(scope, { up });
    await mesh.run('istio', 'outbound-traffic-policy', 'restricted');
    caller = await mesh.workload('payments');
    await until('the policy is in force', async () => (await get()) === 502);
  });

  async function get(): Promise<number | undefined> {
    return (await caller.perform({ do: 'http', host })).status;
  }

  /** Open for long, and then for so long from now on; tells when that is over. */
  async function allowFor(milliseconds: number): Promise<number> {
    await mesh.apply(entry(new Date(Date.now() + 3_600_000).toISOString()));
    await until('it is open', async () => (await get()) === 200);
    const end = Date.now() + milliseconds;
    await mesh.apply(entry(new Date(end).toISOString()));
    return end;
  }

  const isGone = async () => (await mesh.cli('get', 'serviceentry', 'short')).code !== 0;

  it('is closed then, and the entry taken away', async () => {
    const end = await allowFor(2000);
    await until('it is closed', async () => (await get()) === 502);
    assert.ok(Date.now() >= end);
    const seen = server.requests.items.length;
    await until('the entry is gone', isGone);
    assert.equal(await get(), 502);
    assert.equal(server.requests.items.length, seen);
  });

  it('stays open while no control plane lives, and is closed by the next one', async () => {
    const end = await allowFor(3000);
    await kill(await controlPlanePid(mesh));
    await until('its time is over', () => Date.now() > end);
    assert.equal(await get(), 200);
    await mesh.run('up', '--detach', '--listen', mesh.listen, ...up);
    await until('it is closed', async () => (await get()) === 502);
    await until('the entry is gone', isGone);
  });

  it('is refused with the place where the time cannot be read, and what was there stays', async () => {
    const { code, stderr } = await mesh.tryApply(entry('in two hours'));
    assert.equal(code, 1);
    assert.match(stderr, /metadata\.annotations.*is not a time; write it as in 2027-01-31T00:00:00Z/);
    assert.equal(await get(), 502);
  });
});
