// WebSocket where a VirtualService has a time-out: it holds for the handshake, as do retries, and what was opened lasts, as
// long as neither side ends it; from a sidecar and on through a gateway, in both captures (istio-semantics 3.4).
import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { Duplex } from 'node:stream';
import { before, describe, it } from 'node:test';
import { statusOf } from '../support/calls.ts';
import { createJournal } from '../support/journal.ts';
import { serviceEntry, startMesh, type TestMesh, type Workload } from '../support/mesh.ts';
import { gateway, outboundPolicy, virtualService } from '../support/networking.ts';
import { type OutsideHttp, startOutsideHttp } from '../support/outside-server.ts';
import { outsideAddress } from '../support/outside-world.ts';
import { needs } from '../support/requires.ts';
import { suiteScope } from '../support/suite-scope.ts';
import { until } from '../support/until.ts';
import type { AgentResult, TalkStep } from '../support/workload-protocol.ts';

const near = 'near.test';
/** Behind the egress gateway. */
const far = 'far.test';

const meshGateway = `apiVersion: istio.banzaicloud.io/v1beta1
kind: MeshGateway
metadata: { name: egress }
spec: { type: egress, serviceType: ClusterIP, ports: [{ name: http, port: 80, protocol: TCP, targetPort: 8080 }] }
---
`;

describe('VirtualService: WebSocket', needs('root', 'iproute2', 'firewall'), () => {
  const scope = suiteScope();
  const opened = createJournal<Duplex>('opened outside');
  let outside: OutsideHttp;

  before(async () => {
    outside = await startOutsideHttp({
      t: scope,
      address: outsideAddress(226),
      port: 80,
      respond: ({ url }, answer) => {
        if (url === '/ready') answer.end();
      },
      upgrade: ({ url }, socket) => {
        if (url === '/refused') socket.write('HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n');
        if (url !== '/open') return;
        socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n');
        opened.push(socket);
      },
    });
  });

  for (const capture of ['redirect', 'proxy'] as const) {
    describe(`with ${capture} capture`, () => {
      const meshScope = suiteScope();
      let mesh: TestMesh;
      let caller: Workload;

      before(async () => {
        const names = [near, far].flatMap((name) => ['--resolve', `${name}=198.51.100.226`]);
        mesh = await startMesh(meshScope, { up: ['--capture', capture, ...names] });
        const to = (host: string) => ({ route: [{ destination: { host, port: { number: 80 } } }] });
        const limits = { timeout: '0.5s', retries: { attempts: 2, retryOn: '503', backoff: '1ms' } };
        const toGateway = {
          match: [{ gateways: ['mesh'] }],
          ...to('egress.default.svc.cluster.local'),
          retries: { attempts: 0 },
        };
        await mesh.apply(
          outboundPolicy('REGISTRY_ONLY') +
            meshGateway +
            gateway('egress', {
              selector: { 'gateway-name': 'egress' },
              servers: [{ port: { number: 80, name: 'http', protocol: 'HTTP' }, hosts: [far] }],
            }) +
            serviceEntry('sockets', { hosts: [near, far] }) +
            virtualService('near', { hosts: [near], http: [{ ...to(near), ...limits }] }) +
            virtualService('far', {
              hosts: [far],
              gateways: ['mesh', 'egress'],
              http: [toGateway, { match: [{ gateways: ['egress'] }], ...to(far), ...limits }],
            }),
        );
        caller = await mesh.workload('caller');
        for (const host of [near, far])
          await until(
            `${host} is open`,
            async () => (await statusOf(caller, host, { path: '/ready' })) === 200,
            30_000,
          );
      });

      function ask(host: string, path: string, steps: readonly TalkStep[]): Promise<AgentResult> {
        const upgrade =
          'Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: x\r\nSec-WebSocket-Version: 13';
        const handshake = { send: `GET ${path} HTTP/1.1\r\nHost: ${host}\r\n${upgrade}\r\n\r\n` };
        return caller.perform({ do: 'talk', host, port: 80, tunnel: true, steps: [handshake, ...steps] });
      }

      for (const host of [near, far]) {
        it(`outlives the time-out: ${host}`, async () => {
          const talking = ask(host, '/open', [
            { expect: '101 Switching Protocols' },
            { expect: 'late' },
            { send: 'later' },
            { expect: 'bye' },
          ]);
          const socket = await opened.next();
          // For requests that began later it is over.
          for (let round = 0; round < 2; round++) assert.equal(await statusOf(caller, host, { path: '/never' }), 504);
          socket.write('late');
          const signal = AbortSignal.timeout(10_000);
          assert.equal(String(await once(socket, 'data', { signal })), 'later');
          const ended = once(socket, 'end', { signal });
          socket.write('bye');
          const { text, left } = await talking;
          assert.equal(left, 0, text);
          await ended;
        });

        it(`is not waited for longer than that: ${host}`, async () => {
          const { text, left } = await ask(host, '/silent', [{ expect: 'HTTP/1.1 504 ' }]);
          assert.equal(left, 0, text);
        });

        it(`is asked for again where it was refused: ${host}`, async () => {
          const before = outside.requests.items.length;
          const { text, left } = await ask(host, '/refused', [{ expect: 'HTTP/1.1 503 ' }]);
          assert.equal(left, 0, text);
          assert.equal(outside.requests.items.length - before, 3);
        });
      }
    });
  }
});
