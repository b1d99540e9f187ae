// Changes at gateways that callers are not to notice: their pods replaced under load, and certificates rotated under load,
// while the control plane is killed. Callers hold their connections, over HTTP/1.1 and HTTP/2, and try nothing again.
import assert from 'node:assert/strict';
import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import { describe, it } from 'node:test';
import { statusOf } from '../support/calls.ts';
import { createTestAuthority, type TestAuthority } from '../support/certificates.ts';
import type { Scope } from '../support/envoy-process.ts';
import { httpCall } from '../support/http-client.ts';
import { httpsCall } from '../support/https-client.ts';
import { http2Caller, startLoad } from '../support/load.ts';
import { serviceEntry, startMesh, type TestMesh } from '../support/mesh.ts';
import { controlPlanePid, kill } from '../support/mesh-processes.ts';
import { destinationRule, gateway, tlsSecret, virtualService } from '../support/networking.ts';
import { startOutsideHttp } from '../support/outside-server.ts';
import { outsideAddress } from '../support/outside-world.ts';
import { needs } from '../support/requires.ts';
import { until } from '../support/until.ts';

const http = { number: 80, name: 'http', protocol: 'HTTP' };
const https = { number: 443, name: 'https', protocol: 'HTTPS' };
const inIstioSystem = { namespace: 'istio-system' };
const egress = 'istio-egressgateway.istio-system.svc.cluster.local';

/** The ingress gateway serves front.test on both ports, out of the site outside. */
async function openFront(mesh: TestMesh, authority: TestAuthority): Promise<string> {
  await mesh.apply(
    tlsSecret('front', await authority.issue({ commonName: 'front-0', names: ['front.test'] }), inIstioSystem) +
      serviceEntry('site', { hosts: ['site.test'] }) +
      gateway('front', {
        selector: { istio: 'ingressgateway' },
        servers: [
          { port: http, hosts: ['front.test'] },
          { port: https, hosts: ['front.test'], tls: { mode: 'SIMPLE', credentialName: 'front' } },
        ],
      }) +
      virtualService('front', {
        hosts: ['front.test'],
        gateways: ['front'],
        http: [{ route: [{ destination: { host: 'site.test', port: { number: 80 } } }] }],
      }),
  );
  const address = await until('the ingress gateway has an address', async () => {
    const { stdout } = await mesh.cli('get', 'service', 'istio-ingressgateway', '-n', 'istio-system', '-o', 'json');
    return /"ip": "([^"]+)"/.exec(stdout)?.[1];
  });
  await until('it serves', async () => (await httpsCall({ address, port: 443, host: 'front.test' })).status === 200);
  return address;
}

async function restartControlPlane(mesh: TestMesh): Promise<void> {
  await kill(await controlPlanePid(mesh));
  await mesh.run('up', '--detach');
}

describe('changes at gateways', needs('root', 'iproute2', 'firewall'), () => {
  it('replaces the pods of both gateways under load, the control plane dead in between, and no request fails', async (t) => {
    const site = outsideAddress(201);
    const outside = await startOutsideHttp({ t, address: site, port: 80 });
    const mesh = await startMesh(t, { up: ['site', 'asked'].flatMap((name) => ['--resolve', `${name}.test=${site}`]) });
    const address = await openFront(mesh, await createTestAuthority());
    await mesh.apply(
      serviceEntry('asked', { hosts: ['asked.test'] }) +
        gateway('egress', {
          selector: { istio: 'egressgateway' },
          servers: [{ port: http, hosts: ['asked.test'] }],
        }) +
        virtualService('asked', {
          hosts: ['asked.test'],
          gateways: ['mesh', 'egress'],
          http: [
            { match: [{ gateways: ['mesh'] }], route: [{ destination: { host: egress, port: { number: 80 } } }] },
            { route: [{ destination: { host: 'asked.test', port: { number: 80 } } }] },
          ],
        }),
    );
    const caller = await mesh.workload('caller');
    const egressLog = () => mesh.run('logs', '-l', 'istio=egressgateway', '-n', 'istio-system', '-c', 'istio-proxy');
    await until('the egress gateway serves', async () => {
      await statusOf(caller, 'asked.test');
      return /"GET \/ HTTP\/2" 200 .*"asked\.test"/.test(await egressLog());
    });

    const front = startLoad([
      ...keptHttp(t, address, 3),
      ...keptHttps(t, address, 1),
      ...[1, 2].map(() => overHttp2(t, address)),
    ]);
    let done = false;
    const outcomes: Record<string, number> = {};
    const asked = (async () => {
      while (!done) {
        const { outcomes: more = {} } = await caller.perform({ do: 'load', host: 'asked.test', ms: 1000 });
        for (const [outcome, times] of Object.entries(more)) outcomes[outcome] = (outcomes[outcome] ?? 0) + times;
      }
    })();
    const before = outside.requests.items.length;
    for (let round = 0; round < 2; round++) {
      for (const name of ['istio-egressgateway', 'istio-ingressgateway']) {
        await mesh.run('rollout', 'restart', `deployment/${name}`, '-n', 'istio-system');
        if (round === 1) await restartControlPlane(mesh);
        await mesh.run('rollout', 'status', `deployment/${name}`, '-n', 'istio-system', '--timeout', '60s');
      }
    }
    const reached = front.total();
    await until('the new pods have served on', () => front.total() > reached + 200, 30_000);
    done = true;
    await asked;
    const fronts = await front.stop();
    assert.deepEqual(Object.keys(outcomes), ['200'], JSON.stringify(outcomes));
    assert.deepEqual(Object.keys(fronts), ['200'], JSON.stringify(fronts));
    const total = (outcomes['200'] ?? 0) + (fronts['200'] ?? 0);
    assert.ok(total > 1000, `${total} requests`);
    assert.equal(outside.requests.items.length - before, total, 'each request reached the site once');
  });

  it('rotates certificates of a gateway and of a sidecar ten times under load, the control plane dead in between', async (t) => {
    const authority = await createTestAuthority();
    const site = outsideAddress(202);
    await startOutsideHttp({ t, address: site, port: 80 });
    const mutual = await startOutsideHttp({
      t,
      address: site,
      port: 443,
      tls: {
        ...(await authority.issue({ commonName: 'mutual.test' })),
        requestCert: true,
        rejectUnauthorized: true,
        ca: authority.root,
      },
      // Each request is a handshake.
      respond: (_, answer) => answer.setHeader('connection', 'close').end(),
    });
    const mesh = await startMesh(t, {
      up: ['site', 'mutual'].flatMap((name) => ['--resolve', `${name}.test=${site}`]),
    });
    const address = await openFront(mesh, authority);
    const client = async (name: string) =>
      tlsSecret('client', { ...(await authority.issue({ commonName: name })), root: authority.root });
    const server = async (name: string) =>
      tlsSecret('front', await authority.issue({ commonName: name, names: ['front.test'] }), inIstioSystem);
    await mesh.apply(
      (await client('client-0')) +
        serviceEntry('mutual', { hosts: ['mutual.test'], ports: [{ ...http, targetPort: 443 }] }) +
        destinationRule('mutual', {
          host: 'mutual.test',
          workloadSelector: { matchLabels: { app: 'caller' } },
          trafficPolicy: { tls: { mode: 'MUTUAL', credentialName: 'client' } },
        }),
    );
    const caller = await mesh.workload('caller', { args: ['--label', 'app=caller'] });
    await until('the sidecar shows its certificate', async () => (await statusOf(caller, 'mutual.test')) === 200);

    const load = startLoad([
      ...keptHttps(t, address, 2),
      overHttp2(t, address),
      async () => (await httpsCall({ address, port: 443, host: 'front.test' })).status,
      ...[1, 2].map(() => () => statusOf(caller, 'mutual.test')),
    ]);
    for (let round = 1; round <= 10; round++) {
      if (round === 5) await restartControlPlane(mesh);
      await mesh.apply((await client(`client-${round}`)) + (await server(`front-${round}`)));
      await until('the gateway shows the new certificate', async () => {
        return (await httpsCall({ address, port: 443, host: 'front.test' })).certificate === `front-${round}`;
      });
      await until('the sidecar shows the new certificate', () => {
        return mutual.requests.items.at(-1)?.client === `client-${round}`;
      });
    }
    const outcomes = await load.stop();
    assert.deepEqual(Object.keys(outcomes), ['200'], JSON.stringify(outcomes));
    assert.ok((outcomes['200'] ?? 0) > 500, JSON.stringify(outcomes));
  });
});

function keptHttp(t: Scope, address: string, callers: number) {
  return Array.from({ length: callers }, () => {
    const agent = new HttpAgent({ keepAlive: true, maxSockets: 1 });
    t.after(() => agent.destroy());
    return async () => (await httpCall({ address, port: 80, host: 'front.test', agent })).status;
  });
}

function keptHttps(t: Scope, address: string, callers: number) {
  return Array.from({ length: callers }, () => {
    const agent = new HttpsAgent({ keepAlive: true, maxSockets: 1 });
    t.after(() => agent.destroy());
    return async () => (await httpsCall({ address, port: 443, host: 'front.test', agent })).status;
  });
}

function overHttp2(t: Scope, address: string) {
  const caller = http2Caller(address, 443, 'front.test');
  t.after(() => caller.close());
  return () => caller.ask();
}
