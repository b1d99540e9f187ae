// What wants tidying up in a live mesh is told, each with what mends it, and is not told any more once that was done.
import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import type { UpkeepBody } from '../../src/server/wire.ts';
import { statusOf } from '../support/calls.ts';
import { serviceEntry, startMesh, type TestMesh, type Workload } from '../support/mesh.ts';
import { gateway, gatewayPort, meshGateway, outboundPolicy, virtualService } from '../support/networking.ts';
import { startOutsideHttp } from '../support/outside-server.ts';
import { outsideAddress } from '../support/outside-world.ts';
import { needs } from '../support/requires.ts';
import { suiteScope } from '../support/suite-scope.ts';
import { flowsOf } from '../support/traffic.ts';
import { until, untilFits } from '../support/until.ts';

const hosts = ['unused.up.test', 'shared.up.test', 'via.up.test'] as const;
const [unused, shared, via] = hosts;

const node = JSON.stringify({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'node', namespace: 'default' },
  spec: { hostNetwork: true, containers: [{ name: 'app', command: ['sleep', 'infinity'] }] },
});

const port = { number: 80 };
const egress =
  meshGateway('egress', { type: 'egress', serviceType: 'ClusterIP', ports: [gatewayPort('http', 80, 8080)] }) +
  gateway('egress', {
    selector: { 'gateway-name': 'egress' },
    servers: [{ port: { number: 80, name: 'http', protocol: 'HTTP' }, hosts: [via] }],
  });
const through = (exportTo: string) =>
  virtualService('through', {
    hosts: [via],
    exportTo: [exportTo],
    gateways: ['mesh', 'egress'],
    http: [
      {
        match: [{ gateways: ['mesh'], port: 80 }],
        route: [{ destination: { host: 'egress.default.svc.cluster.local', port } }],
      },
      { match: [{ gateways: ['egress'], port: 80 }], route: [{ destination: { host: via, port } }] },
    ],
  });

describe('upkeep', needs('root', 'iproute2', 'firewall'), () => {
  const scope = suiteScope();
  const address = outsideAddress(228);
  let mesh: TestMesh;
  let web: Workload;
  let far: Workload;

  before(async () => {
    await startOutsideHttp({ t: scope, address, port: 80 });
    const rules = hosts.flatMap((host) => ['--resolve', `${host}=${address}`]);
    mesh = await startMesh(scope, { up: ['--capture', 'redirect', ...rules] });
    await mesh.apply(
      outboundPolicy('REGISTRY_ONLY') + [unused, via].map((host) => serviceEntry(host, { hosts: [host] })).join(''),
    );
    await mesh.apply(serviceEntry('first', { hosts: [shared] }));
    await mesh.apply(serviceEntry('second', { hosts: [shared] }));
    await mesh.apply(egress + through('.') + node);
    web = await mesh.workload('web');
    far = await mesh.workload('far', { namespace: 'other' });
  });

  const upkeep = async (): Promise<UpkeepBody> => JSON.parse(await mesh.run('upkeep', '-o', 'json'));

  it('tells hosts that nobody calls, entries that count nowhere, pods without a proxy, and who goes around a gateway', async () => {
    await until('the gateway serves', async () => (await statusOf(web, via)) === 200, 60_000);
    assert.deepEqual([await statusOf(web, shared), await statusOf(far, via)], [200, 200]);
    const told = await untilFits(upkeep, ({ aroundGateways }) => aroundGateways.length > 0);
    assert.deepEqual(
      told.unused.map(({ host, object }) => [host, object]),
      [
        [shared, 'ServiceEntry/default/second'],
        [unused, `ServiceEntry/default/${unused}`],
      ],
    );
    assert.deepEqual(told.shadowed, [
      { host: shared, object: 'ServiceEntry/default/second', by: ['ServiceEntry/default/first'] },
    ]);
    assert.deepEqual(
      told.uncovered.map(({ namespace, workload }) => `${namespace}/${workload}`),
      ['default/node'],
    );
    const [around, ...others] = told.aroundGateways;
    assert.deepEqual(others, []);
    assert.deepEqual([around?.source.workload, around?.host, around?.gateways], ['far', via, ['default/egress']]);
    assert.deepEqual(around?.objects, ['VirtualService/default/through']);
  });

  it('tells nothing more once what it says was done', async () => {
    const table = await mesh.run('upkeep');
    const commands = new Set([...table.matchAll(/sallyport (delete .*)$/gm)].map(([, command = '']) => command));
    assert.equal(commands.size, 2, table);
    for (const command of commands) await mesh.run(...command.trim().split(' '));
    assert.match(table, /^default\/node +.*hostNetwork/m);
    await mesh.run('delete', 'pod', 'node');
    await mesh.apply(through('*'));
    await untilFits(upkeep, ({ unused: hostsLeft, shadowed, uncovered, aroundGateways }) =>
      [hostsLeft, shadowed, uncovered, aroundGateways].every((list) => list.length === 0),
    );
    assert.match(await mesh.run('upkeep'), /^Nothing wants tidying up\./);
    // What was called goes on, and by the gateway.
    assert.equal(await statusOf(web, shared), 200);
    await until('it goes by the gateway', async () => {
      await statusOf(far, via);
      return (await flowsOf(mesh)).some(
        (flow) => flow.source.workload === 'far' && flow.destination.host === via && flow.via[0] === 'default/egress',
      );
    });
  });
});
