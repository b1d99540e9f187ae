// What tenants may not even say (docs/security.md, P3, P10 to P13): Secrets of other namespaces, kinds that go past policies,
// keys that the control plane would have to fetch.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decodeManifests } from '../decode.ts';

function told(apiVersion: string, kind: string, spec: object, annotations: Readonly<Record<string, string>> = {}) {
  const object = { apiVersion, kind, metadata: { name: 'a', annotations }, ...(kind === 'Namespace' ? {} : { spec }) };
  return decodeManifests(JSON.stringify(object), 'f')
    .diagnostics.filter(({ severity }) => severity === 'error')
    .map(({ code, path, message }) => `${code} ${path}: ${message}`);
}

const networking = 'networking.istio.io/v1';
const port = { number: 443, name: 'https', protocol: 'HTTPS' };

for (const name of ['other/x', 'kubernetes://x', 'kubernetes://other/x', 'kubernetes-gateway://other/x']) {
  test(`P3: a Secret's name is no place: ${name}`, () => {
    const tls = { mode: 'SIMPLE', credentialName: name };
    assert.match(told(networking, 'DestinationRule', { host: 'a.test', trafficPolicy: { tls } })[0] ?? '', /^SP1555 /);
    const server = (settings: object) =>
      told(networking, 'Gateway', { servers: [{ port, hosts: ['*'], tls: settings }] });
    assert.match(server(tls)[0] ?? '', /^SP1555 .*credentialName/);
    assert.match(server({ mode: 'SIMPLE', credentialNames: [name] })[0] ?? '', /^SP1555 .*credentialNames\[0\]/);
    const callers = { mode: 'MUTUAL', credentialName: 'a', caCertCredentialName: name };
    assert.match(server(callers)[0] ?? '', /^SP1555 .*caCertCredentialName/);
  });
}

for (const [row, apiVersion, kind, reason] of [
  ['P10', 'networking.istio.io/v1alpha3', 'EnvoyFilter', /past every policy/],
  ['P10', 'extensions.istio.io/v1alpha1', 'WasmPlugin', /run no code/],
  ['P11, P12', 'security.istio.io/v1', 'RequestAuthentication', /fetches no keys/],
  ['P13', 'gateway.networking.k8s.io/v1beta1', 'ReferenceGrant', /own namespace/],
] as const) {
  test(`${row}: ${kind} is refused, with the reason`, () => {
    const [line = ''] = told(apiVersion, kind, {});
    assert.match(line, /^SP0102 kind: kind \w+ is not served: /);
    assert.match(line, reason);
  });
}

test('what the operator grants is hosts', () => {
  const claims = (text: string) => told('v1', 'Namespace', {}, { 'egress.sallyport.dev/claims': text });
  assert.deepEqual(claims('api.bank.example, *.shared.example,*'), []);
  assert.match(claims('api.bank.example, https://x')[0] ?? '', /^SP1550 .*'https:\/\/x' is no host/);
});
