// Istio's egress tasks as its documentation has them (istio-semantics 10): TLS origination, the egress gateway for HTTP and
// HTTPS, TLS origination there, and an HTTP proxy outside. Seen by the caller, in the access logs, and by the server outside.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { before, describe, it } from 'node:test';
import { ask, bodyOf, overTls, statusOf } from '../support/calls.ts';
import { createTestAuthority, type TestAuthority } from '../support/certificates.ts';
import { serviceEntry, startMesh, type TestMesh, type Workload } from '../support/mesh.ts';
import { destinationRule, gateway, outboundPolicy, tlsSecret, virtualService } from '../support/networking.ts';
import { type OutsideHttp, startOutsideHttp } from '../support/outside-server.ts';
import { outsideAddress } from '../support/outside-world.ts';
import { needs } from '../support/requires.ts';
import { suiteScope } from '../support/suite-scope.ts';
import { until } from '../support/until.ts';

const nginx = 'my-nginx.mesh-external.svc.cluster.local';
const nginxBehindGateway = 'my-nginx.behind-gateway.svc.cluster.local';
const hosts = {
  origination: 'edition.cnn.com',
  olderForm: 'www.cnn.com',
  gateway: 'money.cnn.com',
  passthrough: 'arabic.cnn.com',
  gatewayOrigination: 'cnnespanol.cnn.com',
  proxied: 'en.wikipedia.org',
};
const egress = 'istio-egressgateway.istio-system.svc.cluster.local';
const http = { number: 80, name: 'http', protocol: 'HTTP' };
const https = { number: 443, name: 'https', protocol: 'HTTPS' };
const inIstioSystem = { namespace: 'istio-system' };

/** A subset of the gateway that is spoken to by mTLS, under the name that is asked of it. */
function mutualSubset(name: string, port: number, sni: string) {
  const portLevelSettings = [{ port: { number: port }, tls: { mode: 'ISTIO_MUTUAL', sni } }];
  return {
    host: egress,
    subsets: [{ name, trafficPolicy: { loadBalancer: { simple: 'ROUND_ROBIN' }, portLevelSettings } }],
  };
}

describe('Istio’s egress tasks', needs('root', 'iproute2', 'firewall', 'curl'), () => {
  const scope = suiteScope();
  let authority: TestAuthority;
  let mesh: TestMesh;
  let sleep: Workload;
  let other: Workload;
  let plain: OutsideHttp;
  let secure: OutsideHttp;
  let mutual: OutsideHttp;
  let proxyAddress: string;
  const tunnels: string[] = [];

  before(async () => {
    authority = await createTestAuthority();
    const site = outsideAddress(121);
    const mutualSite = outsideAddress(122);
    proxyAddress = outsideAddress(123);
    const names = Object.values(hosts);
    plain = await startOutsideHttp({
      t: scope,
      address: site,
      port: 80,
      respond: ({ host, url }, answer) => answer.writeHead(301, { location: `https://${host}${url}` }).end(),
    });
    const certificate = await authority.issue({ commonName: 'site', names });
    secure = await startOutsideHttp({ t: scope, address: site, port: 443, tls: certificate });
    const nginxNames = [nginx, nginxBehindGateway];
    const mutualTls = {
      ...(await authority.issue({ commonName: 'nginx', names: nginxNames })),
      requestCert: true,
      rejectUnauthorized: true,
      ca: authority.root,
    };
    mutual = await startOutsideHttp({
      t: scope,
      address: mutualSite,
      port: 443,
      tls: mutualTls,
      respond: (_, answer) => answer.end('Welcome to nginx!'),
    });
    const proxy = createServer();
    proxy.on('connect', ({ url = '' }, client, head) => {
      tunnels.push(url);
      const upstream = connect(443, site, () => {
        client.write('HTTP/1.1 200 Connection established\r\n\r\n');
        upstream.write(head);
        upstream.pipe(client).pipe(upstream);
      });
      for (const socket of [client, upstream]) socket.on('error', () => socket.destroy());
    });
    await new Promise<void>((listening) => proxy.listen(3128, proxyAddress, listening));
    scope.after(() => void proxy.close());

    const folder = mkdtempSync(join(tmpdir(), 'sallyport-roots-'));
    scope.after(() => rmSync(folder, { recursive: true, force: true }));
    writeFileSync(join(folder, 'ca.pem'), authority.root);
    const rules = [...names.map((host) => `${host}=${site}`), ...nginxNames.map((host) => `${host}=${mutualSite}`)];
    mesh = await startMesh(scope, {
      up: rules.flatMap((rule) => ['--resolve', rule]),
      env: { SALLYPORT_EXTRA_CA_FILE: join(folder, 'ca.pem') },
    });
    sleep = await mesh.workload('sleep', { args: ['--label', 'app=sleep'] });
    other = await mesh.workload('other', { namespace: 'test-egress' });
  });

  function sleepLog(): Promise<string> {
    return mesh.run('logs', 'sleep', '-c', 'istio-proxy');
  }

  function gatewayLog(): Promise<string> {
    return mesh.run('logs', '-l', 'istio=egressgateway', '-n', 'istio-system', '-c', 'istio-proxy');
  }

  async function logged(read: () => Promise<string>, line: RegExp): Promise<void> {
    await until(`a line like ${line}`, async () => line.test(await read()));
  }

  it('begins TLS for a caller that asks in the clear: port 80 led to 443', async () => {
    const host = hosts.origination;
    await mesh.apply(serviceEntry('edition', { hosts: [host], ports: [http, https] }));
    const first = await ask(sleep, host, { path: '/politics' });
    assert.equal(first.status, 301);
    assert.equal(first.headers?.['location'], `https://${host}/politics`);
    await mesh.apply(
      serviceEntry('edition', { hosts: [host], ports: [{ ...http, targetPort: 443 }, https] }) +
        destinationRule('edition', {
          host,
          trafficPolicy: { portLevelSettings: [{ port: { number: 80 }, tls: { mode: 'SIMPLE' } }] },
        }),
    );
    await until('one answer, no redirect', async () => (await statusOf(sleep, host, { path: '/politics' })) === 200);
    const seen = secure.requests.items.at(-1);
    assert.deepEqual([seen?.sni, seen?.host, seen?.url], [host, host, '/politics']);
    assert.equal(await overTls(sleep, host), 'HTTP/1.1 200 OK', 'TLS that the caller began is not wrapped once more');
    await logged(sleepLog, /"GET \/politics HTTP\/1\.1" 200 .* outbound\|80\|\|edition\.cnn\.com /);
  });

  it('begins TLS in the older form: a VirtualService leads port 80 to a subset of port 443', async () => {
    const host = hosts.olderForm;
    await mesh.apply(
      serviceEntry('older', { hosts: [host], ports: [http, https] }) +
        virtualService('older', {
          hosts: [host],
          http: [
            {
              match: [{ port: 80 }],
              route: [{ destination: { host, subset: 'tls-origination', port: { number: 443 } } }],
            },
          ],
        }) +
        destinationRule('older', {
          host,
          subsets: [
            {
              name: 'tls-origination',
              trafficPolicy: {
                loadBalancer: { simple: 'ROUND_ROBIN' },
                portLevelSettings: [{ port: { number: 443 }, tls: { mode: 'SIMPLE' } }],
              },
            },
          ],
        }),
    );
    await until('one answer', async () => (await statusOf(sleep, host, { path: '/politics' })) === 200);
    assert.equal(secure.requests.items.at(-1)?.sni, host);
    assert.equal(await overTls(sleep, host), 'HTTP/1.1 200 OK');
    await logged(sleepLog, /"GET \/politics HTTP\/1\.1" 200 .* outbound\|443\|tls-origination\|www\.cnn\.com /);
  });

  it('shows a client certificate of a secret in the client’s namespace, to the workloads that a rule selects', async () => {
    const client = await authority.issue({ commonName: 'client.example.com' });
    await mesh.apply(
      tlsSecret('client-credential', { ...client, root: authority.root }) +
        serviceEntry('nginx', { hosts: [nginx], ports: [{ ...http, targetPort: 443 }, https] }) +
        destinationRule('nginx', {
          host: nginx,
          workloadSelector: { matchLabels: { app: 'sleep' } },
          trafficPolicy: {
            portLevelSettings: [
              { port: { number: 80 }, tls: { mode: 'MUTUAL', credentialName: 'client-credential', sni: nginx } },
            ],
          },
        }),
    );
    await until('nginx welcomes', async () => (await bodyOf(sleep, nginx)) === 'Welcome to nginx!');
    const seen = mutual.requests.items.at(-1);
    assert.deepEqual([seen?.client, seen?.sni, seen?.host], ['client.example.com', nginx, nginx]);
    const secrets = await mesh.run('proxy-config', 'secrets', 'sleep');
    assert.match(secrets, /^kubernetes:\/\/client-credential\s/m);
    assert.match(secrets, /^kubernetes:\/\/client-credential-cacert\s/m);
    await logged(sleepLog, /"GET \/ HTTP\/1\.1" 200 .* "198\.51\.100\.122:443" outbound\|80\|\|my-nginx/);
  });

  it('sends HTTP through the egress gateway by mTLS; where the rule with its subset is not seen, nothing leaves', async () => {
    const host = hosts.gateway;
    const toGateway = mutualSubset('cnn', 80, host);
    await mesh.apply(
      serviceEntry('cnn', { hosts: [host], ports: [http, https] }) +
        gateway('istio-egressgateway', {
          selector: { istio: 'egressgateway' },
          servers: [
            { port: { number: 80, name: 'https', protocol: 'HTTPS' }, hosts: [host], tls: { mode: 'ISTIO_MUTUAL' } },
          ],
        }) +
        destinationRule('egressgateway-for-cnn', toGateway) +
        virtualService('direct-cnn-through-egress-gateway', {
          hosts: [host],
          gateways: ['istio-egressgateway', 'mesh'],
          http: [
            {
              match: [{ gateways: ['mesh'], port: 80 }],
              route: [{ destination: { host: egress, subset: 'cnn', port: { number: 80 } }, weight: 100 }],
            },
            {
              match: [{ gateways: ['istio-egressgateway'], port: 80 }],
              route: [{ destination: { host, port: { number: 80 } }, weight: 100 }],
            },
          ],
        }),
    );
    await logged(async () => {
      assert.equal(await statusOf(sleep, host, { path: '/politics' }), 301);
      return gatewayLog();
    }, /"GET \/politics HTTP\/2" 301 .* outbound\|80\|\|money\.cnn\.com /);
    assert.equal(plain.requests.items.at(-1)?.host, host);
    assert.doesNotMatch(JSON.stringify(plain.requests.items), /x-forwarded-client-cert/);
    const [gatewayPod = ''] =
      (await mesh.run('get', 'pods', '-n', 'istio-system')).match(/istio-egressgateway-\S+/) ?? [];
    const identity = 'spiffe://cluster.local/ns/istio-system/sa/istio-egressgateway-service-account';
    assert.match(await mesh.run('proxy-config', 'secrets', gatewayPod, '-n', 'istio-system'), new RegExp(identity));
    assert.match(await mesh.run('proxy-config', 'clusters', 'sleep', '-o', 'json'), new RegExp(identity));
    await logged(sleepLog, /"GET \/politics HTTP\/1\.1" 301 .* outbound\|80\|cnn\|istio-egressgateway\.istio-system/);

    const before = plain.requests.items.length;
    assert.equal(await statusOf(other, host), 503);
    assert.equal(plain.requests.items.length, before);
    await mesh.apply(destinationRule('egressgateway-for-cnn', toGateway, { namespace: 'test-egress' }));
    await until('its copy opens the way', async () => (await statusOf(other, host)) === 301);
  });

  it('passes HTTPS through the egress gateway by its SNI', async () => {
    const host = hosts.passthrough;
    await mesh.apply(
      serviceEntry('cnn-https', { hosts: [host], ports: [{ number: 443, name: 'tls', protocol: 'TLS' }] }) +
        gateway('passthrough', {
          selector: { istio: 'egressgateway' },
          servers: [
            { port: { number: 443, name: 'tls', protocol: 'TLS' }, hosts: [host], tls: { mode: 'PASSTHROUGH' } },
          ],
        }) +
        virtualService('direct-https-through-egress-gateway', {
          hosts: [host],
          gateways: ['mesh', 'passthrough'],
          tls: [
            {
              match: [{ gateways: ['mesh'], port: 443, sniHosts: [host] }],
              route: [{ destination: { host: egress, port: { number: 443 } } }],
            },
            {
              match: [{ gateways: ['passthrough'], port: 443, sniHosts: [host] }],
              route: [{ destination: { host, port: { number: 443 } }, weight: 100 }],
            },
          ],
        }),
    );
    await logged(async () => {
      assert.equal(await overTls(sleep, host), 'HTTP/1.1 200 OK');
      return gatewayLog();
    }, /"- - -" 0 - .* outbound\|443\|\|arabic\.cnn\.com .* arabic\.cnn\.com /);
    assert.equal(secure.requests.items.at(-1)?.sni, host);
  });

  it('begins TLS at the egress gateway', async () => {
    const host = hosts.gatewayOrigination;
    await mesh.apply(
      serviceEntry('origin', { hosts: [host], ports: [http, https] }) +
        gateway('origin', {
          selector: { istio: 'egressgateway' },
          servers: [
            {
              port: { number: 80, name: 'https-port-for-tls-origination', protocol: 'HTTPS' },
              hosts: [host],
              tls: { mode: 'ISTIO_MUTUAL' },
            },
          ],
        }) +
        destinationRule('egressgateway-for-origin', mutualSubset('origin', 80, host)) +
        throughGateway('origin', host) +
        destinationRule('originate', {
          host,
          trafficPolicy: {
            loadBalancer: { simple: 'ROUND_ROBIN' },
            portLevelSettings: [{ port: { number: 443 }, tls: { mode: 'SIMPLE' } }],
          },
        }),
    );
    await until('one answer', async () => (await statusOf(sleep, host, { path: '/politics' })) === 200);
    const seen = secure.requests.items.at(-1);
    assert.deepEqual([seen?.sni, seen?.host, seen?.url], [host, host, '/politics']);
    await logged(gatewayLog, /"GET \/politics HTTP\/2" 200 .* outbound\|443\|\|cnnespanol\.cnn\.com /);
  });

  it('shows a client certificate of a secret in the gateway’s namespace', async () => {
    const host = nginxBehindGateway;
    const client = await authority.issue({ commonName: 'gateway.example.com' });
    await mesh.apply(
      tlsSecret('gateway-credential', { ...client, root: authority.root }, inIstioSystem) +
        serviceEntry('nginx-behind', { hosts: [host], ports: [http, https] }) +
        gateway('nginx', { selector: { istio: 'egressgateway' }, servers: [{ port: http, hosts: [host] }] }) +
        destinationRule('egressgateway-for-nginx', { host: egress, subsets: [{ name: 'nginx' }] }) +
        throughGateway('nginx', host) +
        destinationRule(
          'originate-mtls-for-nginx',
          {
            host,
            trafficPolicy: {
              portLevelSettings: [
                { port: { number: 443 }, tls: { mode: 'MUTUAL', credentialName: 'gateway-credential', sni: host } },
              ],
            },
          },
          inIstioSystem,
        ),
    );
    await until('nginx welcomes', async () => (await bodyOf(sleep, host)) === 'Welcome to nginx!');
    assert.equal(mutual.requests.items.at(-1)?.client, 'gateway.example.com');
    await logged(gatewayLog, /outbound\|443\|\|my-nginx\.behind-gateway/);
  });

  function throughGateway(name: string, host: string): string {
    return virtualService(`through-${name}`, {
      hosts: [host],
      gateways: [name, 'mesh'],
      http: [
        {
          match: [{ gateways: ['mesh'], port: 80 }],
          route: [{ destination: { host: egress, subset: name, port: { number: 80 } } }],
        },
        { match: [{ gateways: [name], port: 80 }], route: [{ destination: { host, port: { number: 443 } } }] },
      ],
    });
  }

  it('does all of it under REGISTRY_ONLY as well, and reaches an HTTP proxy outside that is registered', async () => {
    const throughProxy = () =>
      mesh.cli('exec', 'sleep', '--', 'curl', '-sk', '-x', `http://${proxyAddress}:3128`, `https://${hosts.proxied}/`);
    assert.equal((await throughProxy()).stdout, 'outside', 'nothing is restricted yet');
    await mesh.apply(outboundPolicy('REGISTRY_ONLY'));
    await until('REGISTRY_ONLY is in force', async () => (await statusOf(sleep, hosts.proxied)) === 502);
    const before = tunnels.length;
    assert.notEqual((await throughProxy()).code, 0);
    assert.equal(tunnels.length, before);
    await mesh.apply(
      serviceEntry('proxy', {
        hosts: ['my-company-proxy.com'],
        addresses: [`${proxyAddress}/32`],
        ports: [{ number: 3128, name: 'tcp', protocol: 'TCP' }],
        location: 'MESH_EXTERNAL',
        resolution: 'NONE',
      }),
    );
    await until('the proxy is open', async () => (await throughProxy()).stdout === 'outside');
    assert.equal(tunnels.at(-1), `${hosts.proxied}:443`);
    await logged(sleepLog, /"- - -" 0 - .* outbound\|3128\|[^|]*\|my-company-proxy\.com /);

    assert.equal(await statusOf(sleep, hosts.origination, { path: '/politics' }), 200);
    assert.equal(await statusOf(sleep, hosts.olderForm, { path: '/politics' }), 200);
    assert.equal(await statusOf(sleep, hosts.gateway, { path: '/politics' }), 301);
    assert.equal(await statusOf(sleep, hosts.gatewayOrigination, { path: '/politics' }), 200);
    for (const host of [hosts.origination, hosts.olderForm, hosts.passthrough]) {
      assert.equal(await overTls(sleep, host), 'HTTP/1.1 200 OK', host);
    }
    for (const host of [nginx, nginxBehindGateway]) assert.equal(await bodyOf(sleep, host), 'Welcome to nginx!');
  });
});
