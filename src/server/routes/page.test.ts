import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startControlPlane } from '../../../test/support/control-plane.ts';
import { meshConfigKey } from '../../mesh/mesh-config.ts';

test('the page shows the policy and the registered hosts, and runs nothing', async (t) => {
  const { url, store } = await startControlPlane(t);
  await store.apply([
    {
      apiVersion: 'networking.istio.io/v1',
      kind: 'ServiceEntry',
      metadata: { name: 'entry', namespace: 'shop' },
      spec: { hosts: ['api.example.com'], ports: [{ number: 443, name: 'tls', protocol: 'TLS' }], resolution: 'DNS' },
    },
    {
      apiVersion: `${meshConfigKey.group}/v1beta1`,
      kind: meshConfigKey.kind,
      metadata: { namespace: meshConfigKey.namespace, name: meshConfigKey.name },
      spec: { version: '1.4.9', outboundTrafficPolicy: { mode: 'REGISTRY_ONLY' } },
    },
  ]);
  const answer = await fetch(url);
  const page = await answer.text();
  assert.match(answer.headers.get('content-security-policy') ?? '', /^default-src 'none'/);
  assert.match(page, /Outbound traffic: REGISTRY_ONLY/);
  assert.match(page, /<td>api\.example\.com<\/td><td>443\/TLS<\/td><td>shop\/entry<\/td>/);
  assert.doesNotMatch(page, /<script/);
});

test('names are text on the page, whatever they say', async (t) => {
  const name = '<img src=x onerror=alert(1)>';
  const running = { phase: 'Running', ready: true, restarts: 0 } as const;
  const address = { address: '127.0.0.1', port: 53 };
  const { url } = await startControlPlane(t, {
    pods: () => [
      {
        namespace: 'shop',
        name: 'web-1',
        workload: name,
        uid: 'u',
        podIP: '10.0.0.1',
        appIP: '10.0.0.1',
        proxyIP: '10.0.0.2',
        proxyUid: 1,
        xdsPath: '/x',
        dns: address,
        dnsRelay: address,
        app: running,
        proxy: running,
        logs: { app: '', access: '', envoy: '' },
      },
    ],
  });
  const page = await (await fetch(url)).text();
  assert.ok(page.includes('&lt;img src=x'));
  assert.ok(!page.includes('<img'));
});
