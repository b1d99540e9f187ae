// Contract 15 and 20: every spelling of a host is that host, and no text of a caller is shown as it is.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { askedOf } from './asked-host.ts';
import { parseRecord } from './event-record.ts';

function asked(authority: string | null, local: string | null, sni?: string | null) {
  const line = sni === undefined ? { c: 502, a: authority, o: local } : { s: sni, o: local };
  const record = parseRecord(JSON.stringify(line));
  assert.ok(record);
  const { host, port, address } = askedOf(record);
  return [host, port, address];
}

const local = '93.184.216.34:80';

test('Host, else SNI, else address', () => {
  assert.deepEqual(asked('a.test', local), ['a.test', 80, local]);
  assert.deepEqual(asked('', local), ['93.184.216.34', 80, local]);
  assert.deepEqual(asked(null, local), ['93.184.216.34', 80, local]);
  assert.deepEqual(asked(null, '93.184.216.34:443', 'B.test'), ['b.test', 443, '93.184.216.34:443']);
  assert.deepEqual(asked(null, '[2001:DB8::1]:443', null), ['2001:db8::1', 443, '[2001:DB8::1]:443']);
});

test('lower case, without a dot at the end, and without port', () => {
  for (const spelling of ['a.test', 'A.Test', 'a.test.', 'a.test:8080', 'a.test:', 'a.test:abc', 'a.test:99999']) {
    assert.deepEqual(asked(spelling, local), ['a.test', 80, local], spelling);
  }
  assert.deepEqual(asked('[2001:DB8::1]:8080', local), ['2001:db8::1', 80, local]);
  assert.deepEqual(asked('[2001:DB8::1]', local), ['2001:db8::1', 80, local]);
  assert.deepEqual(asked('2001:DB8::1', local), ['2001:db8::1', 80, local]);
  assert.deepEqual(asked('a:b:c', local), ['a:b:c', 80, local], 'neither a host nor an address');
});

test('where the address is not known the Host names the port, else the protocol does', () => {
  assert.deepEqual(asked('a.test:8080', null), ['a.test', 8080, '']);
  assert.deepEqual(asked('a.test:8080', ''), ['a.test', 8080, '']);
  assert.deepEqual(asked('[::1]:8080', ''), ['::1', 8080, '']);
  assert.deepEqual(asked('a.test', 'envoy://internal_client_address/'), ['a.test', 80, '']);
  assert.deepEqual(asked('a.test:8080', '0.0.0.0:443'), ['a.test', 443, '']);
  assert.deepEqual(asked(null, null, 'a.test'), ['a.test', 443, '']);
  assert.deepEqual(asked(null, null), ['other', 0, '']);
});

test('what is hostile is shown, and harms nobody', () => {
  assert.deepEqual(asked('user@good.test', local)[0], 'user@good.test');
  assert.deepEqual(asked('a\u001b[31m\n b.test', local)[0], 'a\\x1b[31m\\x0a\\x20b.test');
  assert.deepEqual(asked('gооd.test', local)[0], 'g\\x43e\\x43ed.test', 'Cyrillic letters look like others');
  assert.equal(String(asked('ü'.repeat(300), local)[0]).length, 300);
});
