import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isExempt, tunnelProxy } from './proxy.ts';

test('NO_PROXY', () => {
  const list = 'localhost, 127.0.0.1:8080,.svc.cluster.local,API.test';
  for (const [host, port] of [
    ['localhost', 1],
    ['127.0.0.1', 8080],
    ['a.svc.cluster.local', 80],
    ['api.test', 80],
  ] as const) {
    assert.equal(isExempt(list, host, port), true, host);
  }
  for (const [host, port] of [
    ['127.0.0.1', 8081],
    ['svc.cluster.local', 80],
    ['x.api.test', 80],
    ['test', 80],
  ] as const) {
    assert.equal(isExempt(list, host, port), false, host);
  }
  assert.equal(isExempt('*', 'any.test', 1), true);
  assert.equal(isExempt('', 'any.test', 1), false);
});

test('a tunnel goes to the proxy for HTTPS, else to the one for HTTP', () => {
  const both = { HTTP_PROXY: 'http://a.test:1', HTTPS_PROXY: 'http://b.test:2' };
  assert.equal(tunnelProxy(both, 'x.test', 1)?.host, 'b.test:2');
  assert.equal(tunnelProxy({ HTTP_PROXY: 'http://a.test:1' }, 'x.test', 1)?.host, 'a.test:1');
  assert.equal(tunnelProxy({ ...both, NO_PROXY: 'x.test' }, 'x.test', 1), undefined);
  assert.equal(tunnelProxy({}, 'x.test', 1), undefined);
});
