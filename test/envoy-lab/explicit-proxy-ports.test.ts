// A port that a policy names is that port however it is written: Envoy would dial `a.test:080` and `a.test:+80` on port 80, and
// whatever is no port at all on 80 too. Such spellings are refused wherever they come to (xds/odd-authority.ts); a policy that
// denies the port comes before that.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { test } from 'node:test';
import { authorizationPolicy } from '../support/networking.ts';
import { openTunnel, type ProxyPlace } from '../support/proxy-client.ts';
import { outsideAddress, policy, startExplicitProxy } from './explicit-proxy-mesh.ts';

const outbound = { annotations: { 'egress.sallyport.dev/bound-to': 'outbound' } };

/** The status of a request with this Host and no URL. */
async function statusFor(proxy: ProxyPlace, host: string): Promise<string | undefined> {
  const socket = connect(proxy.port, proxy.host, () =>
    socket.write(`GET / HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`),
  );
  let text = '';
  socket.on('data', (chunk) => {
    text += chunk.toString('latin1');
  });
  await once(socket, 'close');
  return text.split(' ')[1];
}

test('a port that is denied is denied in every spelling that would be dialled', async (t) => {
  const names = { 'odd.test': outsideAddress };
  const mesh = await startExplicitProxy(t, () => policy('ALLOW_ANY'), { names });
  const { proxy, http } = mesh;
  const { port } = http;
  assert.equal(await statusFor(proxy, `odd.test:${port}`), '200');
  for (const text of [`0${port}`, `+${port}`, `+000${port}`]) {
    assert.equal(await statusFor(proxy, `odd.test:${text}`), '400', text);
  }
  const reached = http.requests.items.length;
  const ports = [String(port), '80'];
  const rules = [{ to: [{ operation: { ports } }] }];
  await mesh.apply(authorizationPolicy('no', { action: 'DENY', rules }, outbound));
  for (const text of [`${port}`, `0${port}`, `+${port}`, `+000${port}`, '80', '080', '', 'x', '99999', '80.']) {
    assert.equal(await statusFor(proxy, `odd.test:${text}`), '403', text);
  }
  for (const text of [`${port}`, `0${port}`]) {
    assert.equal((await openTunnel(proxy, `odd.test:${text}`)).status, 403, text);
  }
  assert.equal(http.requests.items.length, reached);
  assert.notEqual(await statusFor(proxy, `odd.test:${port + 1}`), '403');
});
