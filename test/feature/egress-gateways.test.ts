// Traffic that rules send out through egress gateways: each host through its own, all below a wildcard through one, and
// nothing by a side door when the gateway dies or is gone, whatever is allowed otherwise. In both captures.
import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import { overTls, statusOf } from '../support/calls.ts';
import { serviceEntry, startMesh, type TestMesh, type Workload } from '../support/mesh.ts';
import { keeperPods } from '../support/mesh-processes.ts';
import { gateway, gatewayPort, meshGateway, outboundPolicy, virtualService } from '../support/networking.ts';
import { type OutsideHttp, startOutsideHttp } from '../support/outside-server.ts';
import { outsideAddress } from '../support/outside-world.ts';
import { needs } from '../support/requires.ts';
import { suiteScope } from '../support/suite-scope.ts';
import { until } from '../support/until.ts';

const http = { number: 80, name: 'http', protocol: 'HTTP' };
const tls = { number: 443, name: 'tls', protocol: 'TLS' };
const ports = [http, tls];

const egress = {
  type: 'egress',
  serviceType: 'ClusterIP',
  ports: [gatewayPort('http', 80, 8080), gatewayPort('tls', 443, 8443)],
};

/** Sends the host's HTTP and TLS to the gateway, and from there out. */
function through(name: string, host: string): string {
  const to = (destination: string, number: number) => ({
    route: [{ destination: { host: destination, port: { number } } }],
  });
  const own = `${name}.default.svc.cluster.local`;
  return virtualService(`through-${name}-${host.replace('*.', '')}`, {
    hosts: [host],
    gateways: ['mesh', name],
    http: [
      { match: [{ gateways: ['mesh'], port: 80 }], ...to(own, 80) },
      { match: [{ gateways: [name], port: 80 }], ...to(host, 80) },
    ],
    tls: [
      { match: [{ gateways: ['mesh'], port: 443, sniHosts: [host] }], ...to(own, 443) },
      { match: [{ gateways: [name], port: 443, sniHosts: [host] }], ...to(host, 443) },
    ],
  });
}

function serving(name: string, hosts: readonly string[]): string {
  return gateway(name, {
    selector: { 'gateway-name': name },
    servers: [
      { port: http, hosts },
      { port: tls, hosts, tls: { mode: 'PASSTHROUGH' } },
    ],
  });
}

describe('egress gateways', needs('root', 'iproute2', 'firewall'), () => {
  const scope = suiteScope();
  let plain: OutsideHttp;
  let secure: OutsideHttp;

  before(async () => {
    const address = outsideAddress(191);
    // Each request is a connection of its own, so that the other side of it is known.
    plain = await startOutsideHttp({
      t: scope,
      address,
      port: 80,
      respond: (_, answer) => answer.setHeader('connection', 'close').end('outside'),
    });
    secure = await startOutsideHttp({ t: scope, address, port: 443, tls: true });
  });

  for (const capture of ['redirect', 'proxy'] as const) {
    describe(`with ${capture} capture`, () => {
      const meshScope = suiteScope();
      let mesh: TestMesh;
      let caller: Workload;

      before(async () => {
        const names = ['north.test', 'south.test', 'open.test', 'a.wild.test', 'b.wild.test'];
        const rules = names.flatMap((name) => ['--resolve', `${name}=198.51.100.191`]);
        mesh = await startMesh(meshScope, { up: ['--capture', capture, ...rules] });
        await mesh.apply(
          meshGateway('north', egress) +
            meshGateway('south', egress) +
            serving('north', ['north.test', '*.wild.test']) +
            serving('south', ['south.test']) +
            serviceEntry('hosts', { hosts: ['north.test', 'south.test', 'open.test'], ports }) +
            serviceEntry('wild', { hosts: ['*.wild.test'], ports, resolution: 'DYNAMIC_DNS' }) +
            through('north', 'north.test') +
            through('north', '*.wild.test') +
            through('south', 'south.test'),
        );
        caller = await mesh.workload('caller');
      });

      function logOf(name: string): Promise<string> {
        return mesh.run('logs', '-l', `gateway-name=${name}`, '-c', 'istio-proxy');
      }

      /** Asks until the gateway has logged one that came this way. */
      async function passes(name: string, host: string): Promise<void> {
        await until(
          `${host} passes ${name}`,
          async () => {
            const statuses = [await statusOf(caller, host), await overTls(caller, host)];
            const log = await logOf(name);
            const told = [`"GET / HTTP/1.1" 200 - .* outbound\\|80\\|\\|[*.\\w]+ `, `"- - -" 0 - .* ${host} `];
            return (
              statuses.join() === '200,HTTP/1.1 200 OK' && told.every((line) => new RegExp(line).test(log)) && true
            );
          },
          20_000,
        );
      }

      async function leavesNot(when: string): Promise<void> {
        await until(`it is refused ${when}`, async () => (await statusOf(caller, 'south.test')) === 503);
        const before = [plain.connections.items.length, secure.connections.items.length];
        for (let count = 0; count < 5; count++) {
          assert.equal(await statusOf(caller, 'south.test'), 503);
          assert.doesNotMatch(await overTls(caller, 'south.test'), /200/);
        }
        assert.deepEqual([plain.connections.items.length, secure.connections.items.length], before, when);
      }

      it('take each host the way its rules say', async () => {
        await passes('north', 'north.test');
        await passes('south', 'south.test');
        assert.doesNotMatch(await logOf('north'), /south\.test/);
        assert.doesNotMatch(await logOf('south'), /north\.test/);
      });

      it('take all hosts below a wildcard, each to its own name', async () => {
        for (const host of ['a.wild.test', 'b.wild.test']) {
          await passes('north', host);
          assert.equal(plain.requests.items.at(-1)?.host, host);
          assert.equal(secure.requests.items.at(-1)?.sni, host);
        }
        assert.match(await logOf('north'), /outbound\|80\|\|\*\.wild\.test /);
      });

      for (const mode of ['ALLOW_ANY', 'REGISTRY_ONLY'] as const) {
        it(`leave no side door when they die and when they are gone, under ${mode}`, async () => {
          await mesh.apply(outboundPolicy(mode) + meshGateway('south', egress));
          await passes('south', 'south.test');
          const gatewayPod = await until(
            'its pod is the only one',
            async () => {
              const [pod, ...others] = (await keeperPods(mesh)).filter(({ name }) => name.startsWith('south-'));
              return others.length === 0 && pod;
            },
            30_000,
          );
          const { pid } = gatewayPod.proxy;
          assert.ok(pid !== undefined);
          const before = [plain.requests.items.length, secure.requests.items.length] as const;
          process.kill(pid, 'SIGKILL');
          let answered = 0;
          await until(
            'it is back',
            async () => {
              answered = (await statusOf(caller, 'south.test')) === 200 ? answered + 1 : 0;
              await overTls(caller, 'south.test');
              return answered > 5;
            },
            30_000,
          );
          if (capture === 'redirect') {
            const asked = [...plain.requests.items.slice(before[0]), ...secure.requests.items.slice(before[1])];
            const others = asked.filter(
              ({ peer }) => !peer.startsWith(`${gatewayPod.podIP}:`) && !peer.startsWith(`${gatewayPod.proxyIP}:`),
            );
            assert.deepEqual(
              others.map(({ peer }) => peer),
              [],
            );
          }

          const nothing = JSON.stringify({ spec: { replicaCount: 0 } });
          await mesh.run('patch', 'meshgateway', 'south', '--type', 'merge', '-p', nothing);
          await leavesNot('without pods');
          await mesh.run('delete', 'meshgateway', 'south');
          await until('it is gone', async () => (await mesh.cli('get', 'service', 'south')).code === 1);
          await leavesNot('without its Service');
          assert.equal(await statusOf(caller, 'open.test'), 200, 'others are as before');
        });
      }
    });
  }
});
