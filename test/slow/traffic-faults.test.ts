// What counting survives, and what it may cost: endless host names, a full disk, readers that do not read. No request
// pays for it; what could not be kept is counted (issue: caps, faults).
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { before, describe, it } from 'node:test';
import { startMesh, type TestMesh, type Workload } from '../support/mesh.ts';
import { outsideAddress } from '../support/outside-world.ts';
import { needs } from '../support/requires.ts';
import { suiteScope } from '../support/suite-scope.ts';
import { flowsOf, metricOf, repeat, sum } from '../support/traffic.ts';
import { until } from '../support/until.ts';

const diskMb = 48;

describe('counting under attack and without a disk', needs('root', 'iproute2', 'firewall'), () => {
  const scope = suiteScope();
  let mesh: TestMesh;
  let caller: Workload;
  let address: string;
  let disk: string;

  before(async () => {
    address = outsideAddress(42);
    disk = mkdtempSync(join(tmpdir(), 'sallyport-disk-'));
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${diskMb}m`, 'none', disk]);
    scope.after(() => {
      execFileSync('umount', ['--lazy', disk]);
      rmSync(disk, { recursive: true });
    });
    mesh = await startMesh(scope, { env: { SALLYPORT_DATA: disk } });
    await mesh.run('istio', 'outbound-traffic-policy', 'restricted');
    caller = await mesh.workload('caller');
    await until('the policy is in force', async () => (await ask('first.example')) === 502);
  });

  async function ask(host: string): Promise<number | undefined> {
    return (await caller.perform({ do: 'http', host: address, headers: { host }, keepAlive: true })).status;
  }

  const requests = async () => sum(await flowsOf(mesh), (flow) => flow.requests);

  it('keeps the hosts that were asked for within the cap and the rest as other, to the request', async () => {
    const before = await until('what was asked so far is counted', async () => (await requests()) || undefined);
    const names = 3000;
    await repeat(names, (index) => ask(`host-${index}.example`));
    await until('all are counted', async () => (await requests()) === before + names);
    const flows = await flowsOf(mesh);
    assert.ok(flows.length <= 501, `${flows.length} flows`);
    const other = flows.find(({ destination }) => destination.host === 'other');
    assert.ok((other?.requests ?? 0) >= names - 500, `${other?.requests} requests to other hosts`);
    const blackHole = 'destination_service_name="BlackHoleCluster"';
    assert.equal(await metricOf(mesh, 'istio_requests_total', [blackHole]), before + names);
    const page = await (await fetch(`http://${mesh.listen}/metrics`)).text();
    const hosts = new Set([...page.matchAll(/destination_service="([^"]*)"/g)].map(([, host]) => host));
    assert.ok(hosts.size <= 201, `${hosts.size} hosts in metrics`);
  });

  it('lets every request be answered while the disk is full, and misses none of them afterwards', async () => {
    const before = await requests();
    const ballast = join(disk, 'ballast');
    try {
      writeFileSync(ballast, Buffer.alloc(diskMb * 1024 * 1024));
    } catch {
      // Full is what it was to be.
    }
    assert.ok(statSync(ballast).size > 0);
    const statuses = await repeat(2000, () => ask('while-full.example'));
    assert.deepEqual(new Set(statuses), new Set([502]));
    await until('the control plane says so', async () => (await fetch(`http://${mesh.listen}/healthz`)).ok);
    rmSync(ballast);
    await until('all are counted', async () => (await requests()) === before + 2000, 40_000);
  });

  it('goes on whatever a reader of events does', async () => {
    const before = await requests();
    const [host = '', port = ''] = mesh.listen.split(':');
    const readers = Array.from({ length: 8 }, () => {
      const socket = connect(Number(port), host);
      socket.pause();
      socket.write(`GET /v1/events HTTP/1.1\r\nHost: ${mesh.listen}\r\n\r\n`);
      return socket;
    });
    scope.after(() => {
      for (const reader of readers) reader.destroy();
    });
    assert.deepEqual(new Set(await repeat(1000, () => ask('while-stuck.example'))), new Set([502]));
    await until('all are counted', async () => (await requests()) === before + 1000);
  });
});
