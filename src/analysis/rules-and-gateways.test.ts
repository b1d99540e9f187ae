import assert from 'node:assert/strict';
import { test } from 'node:test';
import { serviceEntry } from '../../test/support/mesh.ts';
import {
  authorizationPolicy,
  destinationRule,
  gateway,
  tlsSecret,
  virtualService,
} from '../../test/support/networking.ts';
import { authority, clientCertificates } from '../../test/support/tls-fixtures.ts';
import { pod, toldOfMesh } from './testing/told.ts';

const http = { number: 80, name: 'http', protocol: 'HTTP' };
const https = { number: 443, name: 'https', protocol: 'HTTPS' };
const registered = serviceEntry('a', { hosts: ['a.example'], ports: [http, https] });
const simple = { tls: { mode: 'SIMPLE' } };
const onPort = (number: number, policy: object = simple) => ({ portLevelSettings: [{ port: { number }, ...policy }] });
const rule = (spec: object, metadata = {}, name = 'dr') =>
  destinationRule(name, { host: 'a.example', ...spec }, metadata);
const lb = { loadBalancer: { simple: 'RANDOM' } };

test('rules of no service, of a port that is not there, and where nobody looks', () => {
  assert.deepEqual(toldOfMesh(rule({ trafficPolicy: lb })), [
    '?SP1522 DestinationRule/default/dr spec.host: no service has the host a.example',
  ]);
  assert.deepEqual(toldOfMesh(registered + rule({ trafficPolicy: lb })), []);
  assert.deepEqual(toldOfMesh(registered + rule({ host: '*.example', trafficPolicy: lb })), []);
  assert.match(
    toldOfMesh(registered + rule({ trafficPolicy: onPort(8443, lb) }))[0] ?? '',
    /^\?SP1524 .*portLevelSettings\[0\]\.port\.number: ServiceEntry\/default\/a has no port 8443; it has 80, 443$/,
  );
  const third = { namespace: 'third' };
  assert.match(
    toldOfMesh(registered + pod('p') + rule({ trafficPolicy: lb }, third))[0] ?? '',
    /^\?SP1523 .*third has no workload$/,
  );
  assert.deepEqual(toldOfMesh(registered + pod('p', 'third') + rule({ trafficPolicy: lb }, third)), []);
  assert.match(
    toldOfMesh(registered + pod('p', 'third') + rule({ trafficPolicy: lb, exportTo: ['*'] }, third))[0] ?? '',
    /^\?SP1523 DestinationRule\/third\/dr spec\.exportTo:/,
  );
  assert.deepEqual(
    toldOfMesh(registered + rule({ trafficPolicy: lb, exportTo: ['*'] }, { namespace: 'istio-system' })),
    [],
  );
});

test('two rules for one host', () => {
  const first = rule({ trafficPolicy: lb, subsets: [{ name: 'v1' }] }, {}, 'first');
  const told = toldOfMesh(registered + first + rule({ trafficPolicy: lb, subsets: [{ name: 'v1' }, { name: 'v2' }] }));
  assert.deepEqual(told, [
    '?SP1525 DestinationRule/default/dr spec.trafficPolicy: a.example has a trafficPolicy already, which comes first and alone counts: DestinationRule/default/first',
    '?SP1525 DestinationRule/default/dr spec.subsets[0].name: subset v1 of a.example is there already, and comes first: DestinationRule/default/first',
  ]);
  assert.deepEqual(toldOfMesh(registered + first + rule({ subsets: [{ name: 'v2' }] })), []);
  assert.match(
    toldOfMesh(registered + first + rule({ subsets: [{ name: 'v2' }], exportTo: ['.'] }))[0] ?? '',
    /SP1525 .*alone counts: /,
  );
});

test('subsets without endpoints', () => {
  const entry = serviceEntry('a', {
    hosts: ['a.example'],
    resolution: 'STATIC',
    endpoints: [{ address: '192.0.2.1', labels: { version: 'v1' } }],
  });
  const subset = (version: string) => rule({ subsets: [{ name: 's', labels: { version } }] });
  assert.deepEqual(toldOfMesh(entry + subset('v1')), []);
  assert.match(
    toldOfMesh(entry + subset('v2'))[0] ?? '',
    /^\?SP1526 .*no endpoint of ServiceEntry\/default\/a has the labels version=v2$/,
  );
});

test('TLS within TLS', () => {
  assert.match(
    toldOfMesh(registered + rule({ trafficPolicy: simple }))[0] ?? '',
    /^\?SP1527 DestinationRule\/default\/dr spec\.trafficPolicy\.tls: port 443 of ServiceEntry\/default\/a is HTTPS/,
  );
  assert.match(
    toldOfMesh(registered + rule({ trafficPolicy: onPort(443) }))[0] ?? '',
    /spec\.trafficPolicy\.portLevelSettings\[0\]\.tls/,
  );
  assert.deepEqual(toldOfMesh(registered + rule({ trafficPolicy: onPort(80) })), []);
  assert.deepEqual(toldOfMesh(registered + rule({ trafficPolicy: { tls: { mode: 'DISABLE' } } })), []);
});

test('a client certificate is for chosen workloads, and its Secret has to be there', () => {
  const mutual = { portLevelSettings: [{ port: { number: 80 }, tls: { mode: 'MUTUAL', credentialName: 'client' } }] };
  assert.match(
    toldOfMesh(registered + rule({ trafficPolicy: mutual }))[0] ?? '',
    /^\?SP1528 .*portLevelSettings\[0\]\.tls\.credentialName/,
  );
  const chosen = rule({ trafficPolicy: mutual, workloadSelector: { matchLabels: { app: 'echo' } } });
  const workload = pod('echo', 'default', { app: 'echo' });
  assert.deepEqual(toldOfMesh(registered + workload + chosen), [
    '!SP1103 DestinationRule/default/dr spec.trafficPolicy.portLevelSettings[0].tls.credentialName: there is no Secret client in namespace default',
  ]);
  assert.deepEqual(toldOfMesh(registered + workload + chosen + tlsSecret('client', clientCertificates[0])), []);
  assert.match(
    toldOfMesh(registered + chosen)[1] ?? '',
    /^\?SP1507 .*no workload of namespace default has the labels app=echo/,
  );
  assert.match(
    toldOfMesh(registered + rule({ trafficPolicy: mutual }, { namespace: 'istio-system' }))[0] ?? '',
    /^!SP1103 .*namespace istio-system/,
  );
});

test('files that an object names are read by the control plane', () => {
  const files = { mode: 'MUTUAL', clientCertificate: '/gone.pem', privateKey: '/gone.key' };
  const told = toldOfMesh(registered + rule({ trafficPolicy: onPort(80, { tls: files }) }));
  assert.deepEqual(
    told.map((line) => line.slice(0, 7)),
    ['!SP1101', '!SP1101'],
  );
});

const selector = { istio: 'egressgateway' };
const bound = virtualService('vs', {
  hosts: ['a.example'],
  gateways: ['gw'],
  http: [{ route: [{ destination: { host: 'a.example', port: { number: 80 } } }] }],
});
const gw = (spec: object, name = 'gw') => gateway(name, { selector, ...spec });
const server = { port: http, hosts: ['a.example'] };

test('AuthorizationPolicies for no workload', () => {
  const chosen = (namespace: string, app: string) =>
    toldOfMesh(
      pod('web', 'shop', { app: 'web' }) +
        authorizationPolicy('a', { selector: { matchLabels: { app } } }, { namespace }),
    );
  assert.deepEqual(chosen('shop', 'web'), []);
  assert.deepEqual(chosen('istio-system', 'web'), [], 'those of the root namespace choose anywhere');
  assert.match(
    chosen('default', 'web')[0] ?? '',
    /^\?SP1507 AuthorizationPolicy\/default\/a spec\.selector: no workload/,
  );
  assert.match(chosen('istio-system', 'gone')[0] ?? '', /^\?SP1507 .*no workload has the labels app=gone/);
});

test('gateways for no workload, and servers that answer nothing', () => {
  assert.deepEqual(toldOfMesh(registered + bound + gw({ servers: [server] })), []);
  assert.match(
    toldOfMesh(registered + bound + gw({ selector: { istio: 'gone' }, servers: [server] }))[0] ?? '',
    /^\?SP1507 Gateway\/default\/gw spec\.selector: no workload has the labels istio=gone/,
  );
  assert.match(
    toldOfMesh(registered + gw({ servers: [server] }))[0] ?? '',
    /^\.SP1529 Gateway\/default\/gw spec\.servers\[0\]\.hosts: no VirtualService is bound to default\/gw/,
  );
  const two = gw({ servers: [server, { port: { ...http, name: 'other', number: 8080 }, hosts: ['b.example'] }] });
  assert.match(
    toldOfMesh(registered + bound + two)[0] ?? '',
    /^\?SP1529 .*spec\.servers\[1\]\.hosts: none of the VirtualServices/,
  );
});

test('servers of two Gateways that contradict each other', () => {
  const tcp = { port: { number: 80, name: 'tcp', protocol: 'TCP' }, hosts: ['*'] };
  const pass = { port: https, hosts: ['a.example'], tls: { mode: 'PASSTHROUGH' } };
  const conflicts = (...servers: readonly object[]) =>
    toldOfMesh(servers.map((one, index) => gw({ servers: [one] }, `gw${index}`)).join('')).filter((line) =>
      line.includes('SP1530'),
    );
  assert.deepEqual(conflicts(server, server), []);
  assert.deepEqual(conflicts(server, tcp), [
    '!SP1530 Gateway/default/gw1 spec.servers[0]: is left out: Gateway/default/gw0, which comes first, serves HTTP on port 80',
  ]);
  assert.match(conflicts(tcp, server)[0] ?? '', /serves TCP on port 80$/);
  assert.match(conflicts(pass, pass)[0] ?? '', /has the host a\.example on port 443$/);
  assert.deepEqual(conflicts(pass, { ...pass, hosts: ['b.example'] }), []);
});

test('a redirect to HTTPS that nobody serves', () => {
  const redirect = { port: http, hosts: ['a.example'], tls: { httpsRedirect: true } };
  const secure = { port: https, hosts: ['*.example'], tls: { mode: 'SIMPLE', credentialName: 'site' } };
  const told = (...servers: readonly object[]) => toldOfMesh(gw({ servers })).filter((line) => line.includes('SP1531'));
  assert.equal(told(redirect).length, 1);
  assert.deepEqual(told(redirect, secure), []);
});

test('Secrets that servers name and that are not beside the gateway, or lack what is needed', () => {
  const secured = (tls: object, secrets: string) =>
    toldOfMesh(registered + bound + gw({ servers: [{ port: https, hosts: ['a.example'], tls }] }) + secrets);
  const beside = { namespace: 'istio-system' };
  const at = 'Gateway/default/gw spec.servers[0].tls';
  const simple = { mode: 'SIMPLE', credentialName: 'site' };
  const [{ cert, key }] = clientCertificates;
  const missing = `!SP1103 ${at}.credentialName: there is no Secret site in namespace istio-system`;
  assert.deepEqual(secured(simple, ''), [missing]);
  assert.deepEqual(secured(simple, tlsSecret('site', { cert, key })), [missing], 'beside the Gateway is elsewhere');
  assert.deepEqual(secured(simple, tlsSecret('site', { cert, key }, beside)), []);
  assert.deepEqual(secured(simple, tlsSecret('site', { root: authority }, beside)), [
    `!SP1110 ${at}.credentialName: Secret site in namespace istio-system has no tls.crt`,
  ]);
  const names = { mode: 'SIMPLE', credentialNames: ['site', 'more'] };
  assert.deepEqual(secured(names, tlsSecret('site', { cert, key }, beside)), [
    `!SP1103 ${at}.credentialNames[1]: there is no Secret more in namespace istio-system`,
  ]);

  for (const mode of ['MUTUAL', 'OPTIONAL_MUTUAL']) {
    const mutual = { mode, credentialName: 'site' };
    const pair = tlsSecret('site', { cert, key }, beside);
    assert.deepEqual(secured(mutual, ''), [missing], 'said once');
    assert.deepEqual(secured(mutual, pair), [
      `!SP1110 ${at}.credentialName: Secret site in namespace istio-system has no ca.crt, so that nobody is let in`,
    ]);
    assert.deepEqual(secured(mutual, pair + tlsSecret('site-cacert', { root: authority }, beside)), []);
    assert.deepEqual(secured(mutual, tlsSecret('site', { cert, key, root: authority }, beside)), []);
    const named = { ...mutual, caCertCredentialName: 'callers' };
    assert.deepEqual(secured(named, pair), [
      `!SP1103 ${at}.caCertCredentialName: there is no Secret callers in namespace istio-system`,
    ]);
    assert.deepEqual(secured(named, pair + tlsSecret('callers', { root: 'none' }, beside)), [
      `!SP1110 ${at}.caCertCredentialName: Secret callers in namespace istio-system has a ca.crt that is no certificate, so that nobody is let in`,
    ]);
    assert.deepEqual(secured(named, pair + tlsSecret('callers', { root: authority }, beside)), []);
  }
});

const sidecar = (name: string, spec: object, namespace = 'shop') =>
  `${JSON.stringify({ apiVersion: 'networking.istio.io/v1', kind: 'Sidecar', metadata: { name, namespace }, spec })}\n---\n`;

test('Sidecars that do not count, and egress proxies that nobody registered', () => {
  const proxied = { mode: 'ALLOW_ANY', egressProxy: { host: 'proxy.test', port: { number: 3128 } } };
  const told = toldOfMesh(
    sidecar('a', { egress: [{ hosts: ['*/*'] }] }) +
      sidecar('b', { outboundTrafficPolicy: proxied }) +
      sidecar('c', { workloadSelector: { labels: { app: 'web' } }, outboundTrafficPolicy: { mode: 'ALLOW_ANY' } }) +
      pod('web', 'shop', { app: 'web' }),
  );
  assert.deepEqual(
    told.map((line) => line.slice(0, 24)),
    ['?SP1212 Sidecar/shop/b s', '?SP1213 Sidecar/shop/b s'],
  );
});

test('Sidecars that hide what their namespace registered, and import nothing', () => {
  const own = serviceEntry('api', { hosts: ['api.example'] }, { namespace: 'shop' });
  const imports = (hosts: readonly string[], mode = 'REGISTRY_ONLY') =>
    toldOfMesh(own + registered + sidecar('s', { egress: [{ hosts }], outboundTrafficPolicy: { mode } }));
  assert.deepEqual(imports(['istio-system/*']), [
    '?SP1541 Sidecar/shop/s spec.egress: does not import api.example, which its own namespace registered: workloads are stopped there',
  ]);
  assert.deepEqual(imports(['istio-system/*'], 'ALLOW_ANY'), []);
  assert.deepEqual(imports(['./*']), []);
  assert.deepEqual(imports(['./*', 'default/a.example']), []);
  assert.deepEqual(imports(['./*', 'third/a.example']), [
    '?SP1542 Sidecar/shop/s spec.egress[0].hosts[1]: no service in namespace third has the host a.example',
  ]);
});

test('a Telemetry that does not count', () => {
  const telemetry = (name: string, spec: object = {}) =>
    `${JSON.stringify({ apiVersion: 'telemetry.istio.io/v1', kind: 'Telemetry', metadata: { name, namespace: 'shop' }, spec })}\n---\n`;
  const logging = { accessLogging: [{ disabled: true }] };
  assert.deepEqual(toldOfMesh(telemetry('early', logging) + telemetry('late', logging)), [
    '?SP1406 Telemetry/shop/late spec.selector: Telemetry/shop/early is for the whole namespace too, and the first one counts',
  ]);
});
