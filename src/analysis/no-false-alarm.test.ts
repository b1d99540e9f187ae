// Manifests that are right are not blamed: Istio's own egress tasks (istio-semantics 10), the demo's, and the README's.
import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { applicationObjects } from '../../demo/manifests.ts';
import { serviceEntry } from '../../test/support/mesh.ts';
import { destinationRule, gateway, outboundPolicy, tlsSecret, virtualService } from '../../test/support/networking.ts';
import { clientCertificates } from '../../test/support/tls-fixtures.ts';
import { analyzeManifests } from './analyze-manifests.ts';
import { diagnosticsOfMesh, lineOf, objectsOf, pod, toldOfMesh } from './testing/told.ts';

const root = join(import.meta.dirname, '../..');
const http = { number: 80, name: 'http', protocol: 'HTTP' };
const https = { number: 443, name: 'https', protocol: 'HTTPS' };
const tls = { number: 443, name: 'tls', protocol: 'TLS' };
const cnn = 'edition.cnn.com';
const nginx = 'my-nginx.mesh-external.svc.cluster.local';
const egress = 'istio-egressgateway.istio-system.svc.cluster.local';
const selector = { istio: 'egressgateway' };
const cnnEntry = serviceEntry('cnn', { hosts: [cnn], ports: [http, https] });
const to = (host: string, port: number, subset?: string) => ({
  route: [{ destination: { host, port: { number: port }, ...(subset === undefined ? {} : { subset }) }, weight: 100 }],
});
const originating = (host: string, settings: object, extra: object = {}, metadata = {}) =>
  destinationRule(
    `originate-${host.split('.')[0]}`,
    { host, trafficPolicy: { portLevelSettings: [settings] }, ...extra },
    metadata,
  );
const throughGateway = (host: string, port: number) =>
  virtualService('through-egress-gateway', {
    hosts: [host],
    gateways: ['istio-egressgateway', 'mesh'],
    http: [
      { match: [{ gateways: ['mesh'], port: 80 }], ...to(egress, 80, 'cnn') },
      { match: [{ gateways: ['istio-egressgateway'], port: 80 }], ...to(host, port) },
    ],
  });
const gatewayRule = (policy: object = {}) =>
  destinationRule('egressgateway', { host: egress, subsets: [{ name: 'cnn', ...policy }] });

const tasks: Readonly<Record<string, string>> = {
  'egress control': `${serviceEntry('httpbin-ext', { hosts: ['httpbin.org'], ports: [http] })}${serviceEntry('google', {
    hosts: ['www.google.com'],
    ports: [https],
  })}${virtualService('httpbin-ext', {
    hosts: ['httpbin.org'],
    http: [{ timeout: '3s', route: [{ destination: { host: 'httpbin.org' }, weight: 100 }] }],
  })}`,
  'TLS origination': `${serviceEntry('cnn', { hosts: [cnn], ports: [{ ...http, targetPort: 443 }, https] })}${originating(
    cnn,
    {
      port: { number: 80 },
      tls: { mode: 'SIMPLE' },
    },
  )}`,
  'TLS origination, older form': `${cnnEntry}${virtualService('cnn', {
    hosts: [cnn],
    http: [{ match: [{ port: 80 }], ...to(cnn, 443, 'tls-origination') }],
  })}${destinationRule('cnn', {
    host: cnn,
    subsets: [
      {
        name: 'tls-origination',
        trafficPolicy: { portLevelSettings: [{ port: { number: 443 }, tls: { mode: 'SIMPLE' } }] },
      },
    ],
  })}`,
  'mutual TLS origination': `${tlsSecret('client-credential', clientCertificates[0])}${pod('sleep', 'default', {
    app: 'sleep',
  })}${serviceEntry('nginx', { hosts: [nginx], ports: [{ ...http, targetPort: 443 }, https] })}${originating(
    nginx,
    { port: { number: 80 }, tls: { mode: 'MUTUAL', credentialName: 'client-credential', sni: nginx } },
    { workloadSelector: { matchLabels: { app: 'sleep' } } },
  )}`,
  'egress gateway for HTTP': `${cnnEntry}${gateway('istio-egressgateway', {
    selector,
    servers: [{ port: http, hosts: [cnn] }],
  })}${gatewayRule()}${throughGateway(cnn, 80)}`,
  'egress gateway for HTTPS': `${serviceEntry('cnn', { hosts: [cnn], ports: [tls] })}${gateway('istio-egressgateway', {
    selector,
    servers: [{ port: tls, hosts: [cnn], tls: { mode: 'PASSTHROUGH' } }],
  })}${gatewayRule()}${virtualService('direct-cnn-through-egress-gateway', {
    hosts: [cnn],
    gateways: ['mesh', 'istio-egressgateway'],
    tls: [
      { match: [{ gateways: ['mesh'], port: 443, sniHosts: [cnn] }], ...to(egress, 443, 'cnn') },
      { match: [{ gateways: ['istio-egressgateway'], port: 443, sniHosts: [cnn] }], ...to(cnn, 443) },
    ],
  })}`,
  'TLS origination at the egress gateway': `${cnnEntry}${gateway('istio-egressgateway', {
    selector,
    servers: [{ port: { ...https, number: 80 }, hosts: [cnn], tls: { mode: 'ISTIO_MUTUAL' } }],
  })}${gatewayRule({
    trafficPolicy: { portLevelSettings: [{ port: { number: 80 }, tls: { mode: 'ISTIO_MUTUAL', sni: cnn } }] },
  })}${throughGateway(cnn, 443)}${originating(cnn, { port: { number: 443 }, tls: { mode: 'SIMPLE' } })}`,
  'mutual TLS origination at the egress gateway': `${tlsSecret('client-credential', clientCertificates[0], {
    namespace: 'istio-system',
  })}${serviceEntry('nginx', { hosts: [nginx], ports: [http, https] })}${gateway('istio-egressgateway', {
    selector,
    servers: [{ port: http, hosts: [nginx] }],
  })}${gatewayRule()}${throughGateway(nginx, 443)}${originating(
    nginx,
    { port: { number: 443 }, tls: { mode: 'MUTUAL', credentialName: 'client-credential', sni: nginx } },
    {},
    { namespace: 'istio-system' },
  )}`,
  'wildcard hosts': `${serviceEntry('wikipedia', {
    hosts: ['*.wikipedia.org'],
    ports: [https],
    resolution: 'NONE',
  })}`,
  'wildcard hosts through the egress gateway': `${gateway('istio-egressgateway', {
    selector,
    servers: [{ port: https, hosts: ['*.wikipedia.org'], tls: { mode: 'PASSTHROUGH' } }],
  })}${gatewayRule()}${virtualService('wikipedia', {
    hosts: ['*.wikipedia.org'],
    gateways: ['mesh', 'istio-egressgateway'],
    tls: [
      { match: [{ gateways: ['mesh'], port: 443, sniHosts: ['*.wikipedia.org'] }], ...to(egress, 443, 'cnn') },
      {
        match: [{ gateways: ['istio-egressgateway'], port: 443, sniHosts: ['*.wikipedia.org'] }],
        ...to('www.wikipedia.org', 443),
      },
    ],
  })}${serviceEntry('www-wikipedia', { hosts: ['www.wikipedia.org'], ports: [https] })}`,
  'an HTTP proxy outside': serviceEntry('proxy', {
    hosts: ['my-company-proxy.com'],
    addresses: ['192.0.2.1/32'],
    ports: [{ number: 3128, name: 'tcp', protocol: 'TCP' }],
    resolution: 'NONE',
  }),
};

/** What is only told blames nobody; nor does what looking at one object alone has always said. */
function alarms(manifests: string): readonly string[] {
  const bytes = new TextEncoder().encode(manifests);
  const ofFiles = analyzeManifests([{ name: 'task.yaml', bytes }], 'default')
    .filter(({ severity, code }) => severity !== 'info' && code.startsWith('SP15'))
    .map(lineOf);
  return [...ofFiles, ...toldOfMesh(manifests).filter((line) => !line.startsWith('.'))];
}

describe('Istio’s egress tasks', () => {
  for (const [name, manifests] of Object.entries(tasks)) {
    test(name, () => {
      assert.deepEqual(alarms(manifests), []);
      assert.deepEqual(alarms(outboundPolicy('REGISTRY_ONLY') + pod('sleep') + manifests), []);
    });
  }
});

test('the demo', () => {
  const objects = applicationObjects({
    namespace: 'backyards-demo',
    node: '/node',
    folder: '/demo',
    address: '192.0.2.1',
    pki: '/pki',
  });
  assert.deepEqual(diagnosticsOfMesh(objects).map(lineOf), []);
  for (const folder of ['demo/gateways', 'demo/https-egress']) {
    const files = globSync('**/*.yaml', { cwd: join(root, folder) });
    const text = files.map((file) => readFileSync(join(root, folder, file), 'utf8')).join('\n---\n');
    const told = diagnosticsOfMesh([...objects, ...objectsOf(text)]).filter(({ severity }) => severity !== 'info');
    assert.deepEqual(told.map(lineOf), [], folder);
  }
});

test('the README', () => {
  const page = readFileSync(join(root, 'README.md'), 'utf8');
  const manifests = [...page.matchAll(/^(apiVersion: networking[^`]*?)^EOF$/gm)].map(([, text = '']) => text);
  assert.ok(manifests.length > 3, 'examples are found');
  for (const text of manifests) {
    // As `analyze -f` tells a reader who tries it, and `apply` with redirect capture: hosts are given addresses.
    const told = analyzeManifests([{ name: 'README.yaml', bytes: Buffer.from(text) }], 'default')
      .filter(({ severity }) => severity !== 'info')
      .map(lineOf);
    // Each is a part of a story; what it leads to stands before it.
    assert.deepEqual(
      told.filter((line) => !/SP151[148]|SP1507/.test(line)),
      [],
    );
  }
});
