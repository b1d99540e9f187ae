import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { hostNameservers, hostSearchDomains, renderResolvConf } from './resolv-conf.ts';
import { parseResolveRule } from './resolve-rule.ts';

test('rules are read with and without ports, in both families', () => {
  const rules = {
    'httpbin.org=192.0.2.1': { host: 'httpbin.org', address: '192.0.2.1' },
    'HTTPBIN.org.=192.0.2.1': { host: 'httpbin.org', address: '192.0.2.1' },
    'a.example:443=192.0.2.1': { host: 'a.example', port: 443, address: '192.0.2.1' },
    'a.example:443=192.0.2.1:8443': { host: 'a.example', port: 443, address: '192.0.2.1', targetPort: 8443 },
    'a.example=192.0.2.1:8080': { host: 'a.example', address: '192.0.2.1', targetPort: 8080 },
    'a.example=2001:db8::1': { host: 'a.example', address: '2001:db8::1' },
    'a.example=[2001:db8::1]': { host: 'a.example', address: '2001:db8::1' },
    'a.example:80=[::1]:8080': { host: 'a.example', port: 80, address: '::1', targetPort: 8080 },
  };
  for (const [text, rule] of Object.entries(rules)) assert.deepEqual(parseResolveRule(text), rule, text);
});

test('a mistake ends the command with one clear sentence', () => {
  const mistakes = [
    '',
    '=',
    'a.example',
    'a.example=',
    '=192.0.2.1',
    'a.example=nowhere',
    'a.example=1.2.3',
    '*.a.example=192.0.2.1',
  ];
  const ports = [
    'a.example:0=192.0.2.1',
    'a.example:65536=192.0.2.1',
    'a.example=192.0.2.1:0',
    'a.example:http=192.0.2.1',
  ];
  for (const text of [
    ...mistakes,
    ...ports,
    'a.example=192.0.2.1/24',
    'a b=192.0.2.1',
    'a.example=[::1',
    'a.example=192.0.2.1:1:2',
  ])
    assert.throws(() => parseResolveRule(text), { exitCode: 2, message: `invalid rule for --resolve: ${text}` }, text);
});

test('resolv.conf is read as resolvers read it', (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-resolv-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const path = join(folder, 'resolv.conf');
  writeFileSync(
    path,
    '# nameserver 1.1.1.1\nnameserver 192.0.2.1 # one\nnameserver\tfe80::1%eth0\nsearch old\nsearch corp.example  lab.example\n',
  );
  assert.deepEqual(
    hostNameservers(path).map(({ address }) => address),
    ['192.0.2.1', 'fe80::1%eth0'],
  );
  assert.deepEqual(hostSearchDomains(path), ['corp.example', 'lab.example']);
  assert.deepEqual([hostNameservers(join(folder, 'none')), hostSearchDomains(join(folder, 'none'))], [[], []]);
  const search = 'search shop.svc.cluster.local svc.cluster.local cluster.local corp.example lab.example';
  const text = `nameserver 10.0.0.2\n${search}\noptions ndots:5\n`;
  assert.equal(renderResolvConf('10.0.0.2', 'shop', hostSearchDomains(path)), text);
});
