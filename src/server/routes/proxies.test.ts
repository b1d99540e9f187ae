import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startControlPlane } from '../../../test/support/control-plane.ts';
import type { ProxyStatus } from '../../discovery/proxy-state.ts';
import { typeUrls } from '../../discovery/view.ts';
import { requestJson } from '../../platform/unix-http.ts';

const refused = { name: 'x', origins: ['ServiceEntry/a/b'], error: 'no such thing', since: '2026-01-01T00:00:00Z' };

const proxy: ProxyStatus = {
  proxy: {
    namespace: 'default',
    name: 'echo-1',
    workload: 'echo',
    serviceAccount: 'default',
    labels: { app: 'echo' },
    type: 'sidecar',
    nodeId: 'sidecar~10.0.0.1~echo-1.default~default.svc.cluster.local',
  },
  connectedAt: '2026-01-01T00:00:00Z',
  version: '1.40.0',
  types: new Map([[typeUrls.cluster, { state: 'ERROR', resources: 3, refused: [refused] }]]),
};

test('types carry the names of xDS; what was never sent is NOT_SENT', async (t) => {
  const { folder, url } = await startControlPlane(t, { proxies: () => [proxy] });
  const { body } = await requestJson({ socketPath: folder.apiSocket, path: '/v1/proxies' });
  assert.match(JSON.stringify(body), /"CDS":\{"state":"ERROR","resources":3,"refused":\[\{"name":"x"/);
  assert.match(JSON.stringify(body), /"VHDS":\{"state":"NOT_SENT","resources":0\}/);
  const metrics = await (await fetch(`${url}/metrics`)).text();
  assert.match(metrics, /^sallyport_proxy_sync\{type="CDS",state="ERROR"\} 1$/m);
});

test('private keys do not leave, over no transport', async (t) => {
  const privateKey = { inlineBytes: 'c2VjcmV0' };
  const json = { name: 'default', tlsCertificate: { privateKey, certificateChain: { inlineBytes: 'cHVibGlj' } } };
  const { folder } = await startControlPlane(t, {
    proxyConfig: (_namespace, name) =>
      name === 'echo-1' ? [{ name: 'default', version: '1', origins: [], state: 'SYNCED' as const, json }] : undefined,
  });
  const get = (path: string) => requestJson({ socketPath: folder.apiSocket, path });
  const { body } = await get('/v1/proxies/default/echo-1/config/secrets');
  assert.match(JSON.stringify(body), /cHVibGlj/);
  assert.doesNotMatch(JSON.stringify(body), /c2VjcmV0/);
  assert.equal((await get('/v1/proxies/default/other/config/secrets')).status, 404);
  assert.equal((await get('/v1/proxies/default/echo-1/config/nonsense')).status, 400);
});
