// A host that an EgressPolicy governs, on ports that none of its policies names, where something else would serve them: the entry
// of a wildcard above it, rules of a VirtualService, or whatever lets every host out. Nothing of it arrives, in both captures.
import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import { overTls, statusOf } from '../support/calls.ts';
import { serviceEntry, startMesh, type TestMesh, type Workload } from '../support/mesh.ts';
import { egressPolicy, outboundPolicy, virtualService } from '../support/networking.ts';
import { type OutsideHttp, startOutsideHttp } from '../support/outside-server.ts';
import { outsideAddress } from '../support/outside-world.ts';
import { needs } from '../support/requires.ts';
import { suiteScope } from '../support/suite-scope.ts';
import { decisionsOf } from '../support/traffic.ts';
import { until } from '../support/until.ts';

const ok = 'HTTP/1.1 200 OK';
const web = { selector: { matchLabels: { app: 'web' } } };
const http = (number: number) => ({ number, name: `http-${number}`, protocol: 'HTTP' });
const tls = (number: number) => ({ number, name: `tls-${number}`, protocol: 'TLS' });
const wide = serviceEntry('wide', {
  hosts: ['*.wide.test'],
  ports: [http(80), http(8080), tls(443), tls(8443)],
  resolution: 'DYNAMIC_DNS',
});

describe('a governed host on ports that no policy of it names', needs('root', 'iproute2', 'firewall'), () => {
  const scope = suiteScope();
  const address = outsideAddress(236);
  let servers: readonly OutsideHttp[];

  before(async () => {
    servers = await Promise.all(
      [80, 8080, 9090, 443, 8443].map((port) =>
        startOutsideHttp({ t: scope, address, port, tls: port === 443 || port === 8443 }),
      ),
    );
  });

  for (const capture of ['redirect', 'proxy'] as const) {
    describe(`with ${capture} capture`, () => {
      const meshScope = suiteScope();
      let mesh: TestMesh;
      let caller: Workload;
      let other: Workload;

      before(async () => {
        const names = ['api.wide', 'seen.wide', 'open.wide', 'other.wide', 'a.low.wide', 'api', 'free', 'a.wild'];
        const rules = names.flatMap((name) => ['--resolve', `${name}.test=${address}`]);
        mesh = await startMesh(meshScope, { up: ['--capture', capture, ...rules] });
        await mesh.apply(outboundPolicy('REGISTRY_ONLY'));
        caller = await mesh.workload('caller', { args: ['--label', 'app=web'] });
        other = await mesh.workload('other', { args: ['--label', 'app=other'] });
      });

      const arrived = () =>
        servers.map(({ connections, requests }) => [connections.items.length, requests.items.length]);

      async function answers(from: Workload, host: string, port: number, status: number): Promise<void> {
        await until(`${host}:${port} answers ${status}`, async () => (await statusOf(from, host, { port })) === status);
      }

      async function answersTls(from: Workload, host: string, port: number): Promise<void> {
        await until(`${host}:${port} over TLS`, async () => (await overTls(from, host, { port })) === ok);
      }

      /** Once it is closed nothing arrives at any server. */
      async function isClosed(from: Workload, host: string, port: number): Promise<void> {
        await answers(from, host, port, 403);
        const before = arrived();
        assert.equal(await statusOf(from, host, { port }), 403);
        assert.deepEqual(arrived(), before);
      }

      async function isClosedToTls(from: Workload, host: string, port: number): Promise<void> {
        await until(`${host}:${port} is closed`, async () => (await overTls(from, host, { port })) !== ok);
        const before = arrived();
        assert.notEqual(await overTls(from, host, { port }), ok);
        assert.deepEqual(arrived(), before);
      }

      /** What a CONNECT that was refused would have carried nobody knows where the port is nobody's. */
      const unread = capture === 'redirect' ? 'tls' : 'http';

      async function decided(wanted: string): Promise<void> {
        await until(`a decision: ${wanted}`, async () =>
          (await decisionsOf(mesh))
            .map(
              ({ signature, verdict, protocol, destination, object }) =>
                `${signature} ${verdict} ${protocol} ${destination.host}:${destination.port} ${object}`,
            )
            .includes(wanted),
        );
      }

      /** The plain host's answer, or none: no spelling of its port leads around what is said of it. */
      async function answersOddly(): Promise<void> {
        const spelled = (from: Workload, host: string, authority: string) =>
          capture === 'proxy' ? statusOf(from, authority) : statusOf(from, host, { headers: { host: authority } });
        const before = arrived();
        for (const authority of ['api.test:080', 'api.test:+80', 'api.test:0', 'API.test.:080', 'api.test..']) {
          const status = await spelled(other, 'api.test', authority);
          assert.ok(status === 403 || status === 400, `${authority}: ${status}`);
        }
        assert.equal(await spelled(caller, 'a.wild.test', 'a.wild.test..:080'), 400);
        assert.deepEqual(arrived(), before);
        assert.equal(await spelled(caller, 'api.test', 'API.test.:80'), 200);
        if (capture === 'redirect') assert.equal(await spelled(caller, 'api.test', 'api.test:080'), 200);
        await decided('malformed-request blocked http a.wild.test:80 default');
      }

      it('are closed to all, where the entry of a wildcard above it serves them', async () => {
        await mesh.apply(wide);
        await answers(other, 'api.wide.test', 8080, 200);
        await answersTls(other, 'api.wide.test', 8443);
        const yaml = egressPolicy('api', { from: [web], hosts: ['api.wide.test'], ports: [{ number: 80 }] });
        await mesh.apply(yaml);
        for (const from of [caller, other]) {
          await isClosed(from, 'api.wide.test', 8080);
          await isClosedToTls(from, 'api.wide.test', 443);
          await isClosedToTls(from, 'api.wide.test', 8443);
        }
        await answers(caller, 'api.wide.test', 80, 200);
        await isClosed(other, 'api.wide.test', 80);
        for (const from of [caller, other]) {
          for (const port of [80, 8080]) assert.equal(await statusOf(from, 'other.wide.test', { port }), 200);
          for (const port of [443, 8443]) assert.equal(await overTls(from, 'other.wide.test', { port }), ok);
        }
        await decided('policy-denied blocked http api.wide.test:8080 EgressPolicy/default/api');
        await decided(`policy-denied blocked ${unread} api.wide.test:8443 EgressPolicy/default/api`);
        await mesh.remove(yaml);
        await answers(other, 'api.wide.test', 8080, 200);
        await answersTls(other, 'api.wide.test', 8443);
        await mesh.remove(wide);
      });

      it('are closed when the wildcard comes later, and name by name below a wildcard that is governed itself', async () => {
        const yaml =
          egressPolicy('low', { from: [web], hosts: ['*.low.wide.test'], ports: [{ number: 443 }] }) +
          egressPolicy('open', { hosts: ['open.wide.test'], ports: [{ number: 443 }], mode: 'open' });
        await mesh.apply(yaml);
        await answersTls(caller, 'a.low.wide.test', 443);
        await mesh.apply(wide);
        await answers(other, 'other.wide.test', 8080, 200);
        await isClosed(caller, 'a.low.wide.test', 8080);
        await isClosedToTls(caller, 'a.low.wide.test', 8443);
        await answersTls(caller, 'a.low.wide.test', 443);
        await answers(other, 'open.wide.test', 8080, 200);
        await answersTls(other, 'open.wide.test', 8443);
        await mesh.remove(yaml + wide);
      });

      it('are reported, where that is the mode', async () => {
        const yaml = egressPolicy('seen', { hosts: ['seen.wide.test'], ports: [{ number: 80 }], mode: 'report' });
        await mesh.apply(wide + yaml);
        await answers(other, 'seen.wide.test', 8080, 200);
        await answersTls(other, 'seen.wide.test', 8443);
        await decided('policy-reported reported http seen.wide.test:8080 EgressPolicy/default/seen');
        await mesh.remove(wide + yaml);
      });

      it('are closed although rules of a VirtualService for the wildcard, older than the policy, name it by its SNI', async () => {
        const route = [{ destination: { host: 'other.wide.test', port: { number: 8443 } } }];
        const sniHosts = ['api.wide.test', 'other.wide.test'];
        const rules =
          serviceEntry('other', { hosts: ['other.wide.test'], ports: [tls(8443)] }) +
          virtualService('wide', { hosts: ['*.wide.test'], tls: [{ match: [{ port: 8443, sniHosts }], route }] });
        await mesh.apply(rules + wide);
        await answersTls(other, 'api.wide.test', 8443);
        const yaml = egressPolicy('api', {
          from: [web],
          hosts: ['api.wide.test'],
          ports: [{ number: 8443, protocol: 'TLS' }],
        });
        await mesh.apply(yaml);
        await isClosedToTls(other, 'api.wide.test', 8443);
        await answersTls(caller, 'api.wide.test', 8443);
        await mesh.remove(yaml + rules + wide);
      });

      it('are closed where every host may be reached', async () => {
        const yaml =
          egressPolicy('api', { from: [web], hosts: ['api.test'], ports: [{ number: 80 }] }) +
          egressPolicy('wild', { from: [web], hosts: ['*.wild.test'], ports: [{ number: 443 }] });
        await mesh.apply(outboundPolicy('ALLOW_ANY') + yaml);
        await answers(caller, 'api.test', 80, 200);
        await answersTls(caller, 'a.wild.test', 443);
        await answersTls(other, 'free.test', 443);
        for (const from of [caller, other]) {
          await isClosedToTls(from, 'api.test', 443);
          await isClosed(from, 'a.wild.test', 80);
        }
        const more = serviceEntry('more', { hosts: ['more.test'], ports: [http(8080), tls(8443)] });
        await mesh.apply(more);
        // What a program names with its port is closed on all of them; without a proxy to ask only those are looked into.
        if (capture === 'proxy') await isClosed(caller, 'api.test', 9090);
        await isClosed(caller, 'api.test', 8080);
        await isClosedToTls(caller, 'api.test', 8443);
        await isClosed(other, 'a.wild.test', 8080);
        await isClosedToTls(other, 'a.wild.test', 8443);
        await answers(caller, 'free.test', 8080, 200);
        await answersTls(caller, 'free.test', 8443);
        await decided('policy-denied blocked http a.wild.test:8080 EgressPolicy/default/wild');
        await decided(`policy-denied blocked ${unread} api.test:443 EgressPolicy/default/api`);
        await answersOddly();
        await mesh.remove(yaml + more);
        await answersTls(other, 'api.test', 443);
        await mesh.apply(outboundPolicy('REGISTRY_ONLY'));
      });
    });
  }
});
