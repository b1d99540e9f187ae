// docs/questions.md on a live mesh: its commands and its queries, as they stand there, answer what they say they answer.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { before, describe, it } from 'node:test';
import type { FlowsBody } from '../../src/server/wire.ts';
import { startMesh, type TestMesh, type Workload } from '../support/mesh.ts';
import { startOutsideHttp, startOutsideTcp } from '../support/outside-server.ts';
import { outsideAddress } from '../support/outside-world.ts';
import { type Prometheus, type PrometheusSample, startPrometheus } from '../support/prometheus.ts';
import { needs } from '../support/requires.ts';
import { suiteScope } from '../support/suite-scope.ts';
import { until } from '../support/until.ts';

const text = readFileSync(join(import.meta.dirname, '../../docs/questions.md'), 'utf8');
const [callers, instances, abroad, blocked] = [...text.matchAll(/```promql\n([\s\S]*?)```/g)].map(
  ([, query = '']) => query,
);

const places = [
  { region: 'eu-west-1', address: outsideAddress(248) },
  { region: 'us-east-1', address: outsideAddress(249) },
] as const;
const api = outsideAddress(250);

function entry(name: string, host: string, of: readonly (typeof places)[number][]): string {
  const endpoints = of.map(({ region, address }) => `{address: ${address}, locality: ${region}/${region}a}`);
  return `
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: ${name}, namespace: shop}
spec:
  hosts: [${host}]
  ports: [{number: 5432, name: tcp, protocol: TCP}]
  resolution: STATIC
  location: MESH_EXTERNAL
  endpoints: [${endpoints.join(', ')}]
---`;
}

describe('questions about egress', needs('root', 'iproute2', 'firewall', 'prometheus'), () => {
  const scope = suiteScope();
  let mesh: TestMesh;
  let orders: Workload;
  let prometheus: Prometheus;

  before(async () => {
    await startOutsideHttp({ t: scope, address: api, port: 80 });
    for (const { address } of places) await startOutsideTcp({ t: scope, address, port: 5432 });
    const names = ['api.test', 'evil.test'].flatMap((host) => ['--resolve', `${host}=${api}`]);
    mesh = await startMesh(scope, { up: names });
    prometheus = await startPrometheus({ t: scope, scrape: [{ job: 'mesh', target: mesh.listen }] });
    const [home, away] = places;
    await mesh.apply(
      entry('all', 'orders-db.example', places) +
        entry('home', 'eu-west-1.orders-db.example', [home]) +
        entry('away', 'us-east-1.orders-db.example', [away]),
    );
    orders = await mesh.workload('orders', { namespace: 'shop' });
  });

  const write = (host: string) => orders.perform({ do: 'tcp', host, port: 5432, send: 'insert', timeoutMs: 300 });
  const get = (host: string) => orders.perform({ do: 'http', host });

  async function flows(...args: readonly string[]): Promise<FlowsBody['flows']> {
    const body: FlowsBody = JSON.parse(await mesh.run('traffic', 'deploy/orders', '-n', 'shop', '-o', 'json', ...args));
    return body.flows;
  }

  /** Asks again and again while the traffic goes on. */
  function answered(
    query: string,
    fits: (samples: readonly PrometheusSample[]) => boolean,
    traffic: () => Promise<unknown>,
  ) {
    return until(
      query,
      async () => {
        await traffic();
        const samples = await prometheus.query(query);
        return fits(samples) ? samples : undefined;
      },
      40_000,
    );
  }

  it('which services call external APIs', async () => {
    const samples = await answered(
      callers ?? '',
      (found) => found.some(({ value }) => value > 0),
      () => get('api.test'),
    );
    const [{ labels } = assert.fail('nobody')] = samples;
    assert.deepEqual(labels, {
      source_workload_namespace: 'shop',
      source_workload: 'orders',
      destination_service: 'api.test',
    });
    const told = await flows('--external');
    assert.deepEqual([...new Set(told.map(({ destination }) => destination.host))], ['api.test']);
  });

  it('which instance of a database a service writes to, and where that is', async () => {
    await until('both instances of the one host were written to', async () => {
      await write('orders-db.example');
      const [flow] = (await flows('--external')).filter(({ destination }) => destination.host === 'orders-db.example');
      const peers = flow?.peers.map(({ address, locality }) => `${address} ${locality}`).sort();
      return peers?.length === 2 && peers;
    }).then((peers) => {
      assert.deepEqual(peers, places.map(({ region, address }) => `${address} ${region}/${region}a`).sort());
    });
    const table = await mesh.run('traffic', 'deploy/orders', '-n', 'shop', '--external', '-o', 'wide', '--once');
    for (const { region, address } of places) assert.ok(table.includes(`${address} (${region}/${region}a) ×`), table);
    const one = 'eu-west-1.orders-db.example';
    const samples = await answered(
      instances ?? '',
      (found) => found.some(({ value }) => value > 0),
      () => write(one),
    );
    assert.deepEqual(
      samples.map(({ labels }) => labels['destination_service']),
      [one],
    );
  });

  it('whether it stays in its region', async () => {
    assert.deepEqual(await prometheus.query(abroad ?? ''), []);
    const samples = await answered(
      abroad ?? '',
      (found) => found.length > 0,
      () => write('us-east-1.orders-db.example'),
    );
    assert.equal(samples[0]?.labels['destination_service'], 'us-east-1.orders-db.example');
  });

  it('who tries to send data where it may not', async () => {
    await mesh.run('istio', 'outbound-traffic-policy', 'restricted');
    const samples = await answered(
      blocked ?? '',
      (found) => found.length > 0,
      () => get('evil.test'),
    );
    assert.partialDeepStrictEqual(samples[0]?.labels, { source_workload: 'orders', destination_service: 'evil.test' });
    await until('the alert', async () => {
      await get('evil.test');
      return (await mesh.run('alerts', '--kind', 'blocked-burst')).includes('attempted exfiltration');
    });
  });
});
