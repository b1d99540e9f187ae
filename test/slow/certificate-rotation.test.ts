// Certificates of workloads that live for seconds, under load, with every request a handshake of its own: ten renewals and one
// new root, no failed request, and nobody ever shows a certificate whose time is over.
import assert from 'node:assert/strict';
import type { X509Certificate } from 'node:crypto';
import { before, describe, it } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { connect } from 'node:tls';
import type { AuthorityStatus } from '../../src/identity/authority-status.ts';
import { startMesh, type TestMesh, type Workload } from '../support/mesh.ts';
import { destinationRule, peerAuthentication } from '../support/networking.ts';
import { needs } from '../support/requires.ts';
import { suiteScope } from '../support/suite-scope.ts';
import { until } from '../support/until.ts';

const host = 'web.shop.svc.cluster.local';
const inShop = { namespace: 'shop' };
const lifeSeconds = 6;
const loadMs = 40_000;

describe('certificates of workloads', needs('root', 'iproute2', 'firewall'), () => {
  const scope = suiteScope();
  let mesh: TestMesh;
  let caller: Workload;
  let podIP: string;

  before(async () => {
    mesh = await startMesh(scope, { up: ['--workload-cert-ttl', `${lifeSeconds}s`] });
    const serve = "require('http').createServer((_, answer) => answer.end('web')).listen(8080)";
    await mesh.workload('web', {
      ...inShop,
      command: [process.execPath, '-e', serve],
      args: ['--label', 'app=web', '--service-account', 'web'],
    });
    await mesh.apply(
      `apiVersion: v1
kind: Service
metadata: { name: web, namespace: shop }
spec: { selector: { app: web }, ports: [{ name: http, port: 80, targetPort: 8080 }] }
---
` +
        peerAuthentication('strict', { mtls: { mode: 'STRICT' } }, inShop) +
        destinationRule(
          'web',
          { host, trafficPolicy: { connectionPool: { http: { maxRequestsPerConnection: 1 } } } },
          inShop,
        ),
    );
    caller = await mesh.workload('caller', { args: ['--service-account', 'shopper'] });
    podIP = (await mesh.run('get', 'pod', 'web', '-n', 'shop', '-o', 'jsonpath={.status.podIP}')).trim();
    await until('the service answers', async () => (await caller.perform({ do: 'http', host })).status === 200);
  });

  /** What the pod's proxy shows to whoever calls it; undefined: the handshake did not come so far. */
  function shown(): Promise<X509Certificate | undefined> {
    return new Promise((resolve) => {
      const options = { host: podIP, port: 8080, ALPNProtocols: ['istio'], rejectUnauthorized: false };
      const socket = connect(options, () => {
        resolve(socket.getPeerX509Certificate());
        socket.destroy();
      });
      socket.on('error', () => resolve(undefined));
    });
  }

  async function issuer(): Promise<string> {
    const status: AuthorityStatus = JSON.parse(await mesh.run('ca', '-o', 'json'));
    return status.rotation === undefined ? status.issuer.fingerprint : '';
  }

  it('are renewed ten times, and their root once, without a failed request or an expired one', async () => {
    const first = await issuer();
    const seen = new Map<string, X509Certificate>();
    const lateness: number[] = [];
    let over = false;
    const load = caller.perform({ do: 'load', host, ms: loadMs }).finally(() => {
      over = true;
    });
    const rotated = mesh.run('ca', 'rotate');
    while (!over) {
      const certificate = await shown();
      if (certificate !== undefined) {
        seen.set(certificate.fingerprint256, certificate);
        lateness.push(Date.now() - certificate.validToDate.getTime());
      }
      await pause(100);
    }
    const { outcomes = {} } = await load;
    await rotated;
    assert.deepEqual(Object.keys(outcomes), ['200'], JSON.stringify(outcomes));
    assert.ok((outcomes['200'] ?? 0) > 100, JSON.stringify(outcomes));
    assert.ok(seen.size > 10, `${seen.size} certificates`);
    assert.ok(Math.max(...lateness) < 0, 'one was shown after its time');
    assert.ok(lateness.length > 100, `${lateness.length} looks`);
    await until('the new root alone', async () => ![first, ''].includes(await issuer()), 30_000);
  });
});
