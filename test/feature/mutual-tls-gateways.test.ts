// mTLS to an egress gateway around the applications' own TLS (Istio's task "egress gateway for HTTPS", with mutual TLS): the
// SNI outside is the sidecar's word, the one inside decides where the connection goes, and is judged (security: T5).
import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import { connect as connectTls } from 'node:tls';
import { systemCode } from '../../src/platform/errors.ts';
import { overTls } from '../support/calls.ts';
import { serviceEntry, startMesh, type TestMesh, type Workload } from '../support/mesh.ts';
import {
  destinationRule,
  gateway,
  gatewayPort,
  meshGateway,
  outboundPolicy,
  virtualService,
} from '../support/networking.ts';
import { type OutsideHttp, startOutsideHttp } from '../support/outside-server.ts';
import { outsideAddress } from '../support/outside-world.ts';
import { needs } from '../support/requires.ts';
import { suiteScope } from '../support/suite-scope.ts';
import { serverCertificate } from '../support/tls-fixtures.ts';
import { flowTo } from '../support/traffic.ts';
import { until } from '../support/until.ts';

const tls = { number: 443, name: 'tls', protocol: 'TLS' };
const own = 'out.default.svc.cluster.local';
const [allowed, byRule, evil] = ['allowed.test', 'by-rule.test', 'evil.test'];

/** From sidecars to the gateway, under this name outside. */
function toGateway(name: string, host: string, outside: string): string {
  const portLevelSettings = [{ port: { number: 443 }, tls: { mode: 'ISTIO_MUTUAL', sni: outside } }];
  return (
    serviceEntry(name, { hosts: [host], ports: [tls] }) +
    destinationRule(`to-gateway-${name}`, { host: own, subsets: [{ name, trafficPolicy: { portLevelSettings } }] }) +
    virtualService(`to-gateway-${name}`, {
      hosts: [host],
      tls: [
        {
          match: [{ port: 443, sniHosts: [host] }],
          route: [{ destination: { host: own, subset: name, port: { number: 443 } } }],
        },
      ],
    })
  );
}

describe('mTLS to a gateway around TLS', needs('root', 'iproute2', 'firewall'), () => {
  const scope = suiteScope();
  let site: OutsideHttp;
  let mesh: TestMesh;
  let caller: Workload;

  before(async () => {
    const address = outsideAddress(6);
    site = await startOutsideHttp({ t: scope, address, port: 443, tls: serverCertificate });
    const names = [allowed, byRule, evil].flatMap((host) => ['--resolve', `${host}=${address}`]);
    mesh = await startMesh(scope, { up: names });
    await mesh.apply(
      outboundPolicy('REGISTRY_ONLY') +
        meshGateway('out', { type: 'egress', serviceType: 'ClusterIP', ports: [gatewayPort('tls', 443, 8443)] }) +
        gateway('out', {
          selector: { 'gateway-name': 'out' },
          servers: [{ port: tls, hosts: [allowed, byRule], tls: { mode: 'ISTIO_MUTUAL' } }],
        }) +
        toGateway('allowed', allowed, allowed) +
        toGateway('by-rule', byRule, allowed) +
        toGateway('evil', evil, allowed) +
        virtualService('from-gateway', {
          hosts: [allowed],
          gateways: ['out'],
          tcp: [{ match: [{ port: 443 }], route: [{ destination: { host: allowed, port: { number: 443 } } }] }],
        }),
    );
    caller = await mesh.workload('caller');
    await until('the way is open', async () => (await overTls(caller, allowed)) === 'HTTP/1.1 200 OK');
  });

  const gatewayLog = () => mesh.run('logs', '-l', 'gateway-name=out', '-c', 'istio-proxy');

  it('goes out by tcp rules, as in Istio; the gateway logs the name inside', async () => {
    assert.equal(site.requests.items.at(-1)?.sni, allowed);
    await until('the line', async () =>
      /"- - -" 0 - .* outbound\|443\|\|allowed\.test .* allowed\.test /.test(await gatewayLog()),
    );
    const flow = await until('the flow', () => flowTo(mesh, allowed, 'external'));
    assert.deepEqual([flow.via, flow.mtls, flow.withMtls], [['default/out'], true, flow.connections]);
  });

  it('is closed where the name inside is not the one that was allowed, and nothing of it leaves', async () => {
    const before = site.connections.items.length;
    assert.notEqual(await overTls(caller, evil), 'HTTP/1.1 200 OK');
    assert.notEqual(await overTls(caller, byRule), 'HTTP/1.1 200 OK');
    assert.equal(site.connections.items.length, before);
    await until('the gateway says so', async () => /NR .* evil\.test /.test(await gatewayLog()));
  });

  it('is closed as well where the name inside comes late: nobody waits the inspection out', async () => {
    const late = 'late.test';
    await mesh.apply(
      serviceEntry('late', { hosts: [late], ports: [{ number: 7443, name: 'tcp', protocol: 'TCP' }] }) +
        virtualService('late-to-gateway', {
          hosts: [late],
          tcp: [{ route: [{ destination: { host: own, subset: 'allowed', port: { number: 443 } } }] }],
        }),
    );
    await until('the way is open', async () => (await afterSilence(late, allowed, 0)) === 'HTTP/1.1 200 OK');
    const before = site.connections.items.length;
    assert.notEqual(await afterSilence(late, evil, 2500), 'HTTP/1.1 200 OK');
    assert.equal(site.connections.items.length, before);
  });

  /** Of a request inside TLS for this name, begun on a connection to port 7443 that has said nothing for so long. */
  async function afterSilence(host: string, sni: string, ms: number): Promise<string> {
    const script = `const socket = require('net').connect(7443, '${host}', () => setTimeout(() => {
        const tls = require('tls').connect({ socket, servername: '${sni}', rejectUnauthorized: false });
        tls.on('error', () => undefined).on('secureConnect', () => tls.write('GET / HTTP/1.1\\r\\nHost: a\\r\\nConnection: close\\r\\n\\r\\n'));
        tls.on('data', (chunk) => process.stdout.write(chunk));
      }, ${ms})).on('error', () => undefined)`;
    return (await mesh.run('exec', 'caller', '--', process.execPath, '-e', script)).split('\r\n')[0] ?? '';
  }

  it('goes where tls rules of the gateway send the name inside', async () => {
    await mesh.apply(
      virtualService('by-rule-from-gateway', {
        hosts: [byRule],
        gateways: ['out'],
        tls: [
          {
            match: [{ port: 443, sniHosts: [byRule] }],
            route: [{ destination: { host: byRule, port: { number: 443 } } }],
          },
        ],
      }),
    );
    await until('the rule holds', async () => (await overTls(caller, byRule)) === 'HTTP/1.1 200 OK');
    assert.equal(site.requests.items.at(-1)?.sni, byRule);
    assert.notEqual(await overTls(caller, evil), 'HTTP/1.1 200 OK');
  });

  it('lets nobody in without a certificate of the mesh', async () => {
    const pods = await mesh.run('get', 'pods', '-o', 'wide');
    const podIP = /^out-\S+ .*?(\d+\.\d+\.\d+\.\d+)/m.exec(pods)?.[1];
    assert.ok(podIP !== undefined, pods);
    const before = site.connections.items.length;
    const outcome = await new Promise((resolve) => {
      const socket = connectTls({ host: podIP, port: 8443, servername: allowed, rejectUnauthorized: false }, () => {
        socket.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
      });
      socket.on('data', () => resolve('answered'));
      socket.on('error', (error) => resolve(systemCode(error)));
      socket.on('close', () => resolve('closed'));
    });
    assert.equal(outcome, 'ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED');
    assert.equal(site.connections.items.length, before);
  });
});
