// Ranges as expressions: exactly the addresses of the range, on exactly the port.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { authorityDomains, hostRegex, rangeRegex } from './authority.ts';

const octet = fc.nat(255);
const address = fc.tuple(octet, octet, octet, octet);

function numberOf(octets: readonly number[]): number {
  return octets.reduce((sum, part) => sum * 256 + part, 0);
}

function matches(regex: string, text: string): boolean {
  const insensitive = regex.startsWith('(?i)');
  return new RegExp(`^(?:${regex.replace('(?i)', '')})$`, insensitive ? 'i' : '').test(text);
}

test('a range matches its own addresses and no other', () => {
  fc.assert(
    fc.property(address, address, fc.integer({ min: 1, max: 32 }), fc.nat(31), (base, other, length, flip) => {
      const regex = rangeRegex(`${base.join('.')}/${length}`, 443);
      const size = 2 ** (32 - length);
      // One of its own with a bit turned over is near the edge of it.
      const near = (numberOf(base) ^ (1 << flip)) >>> 0;
      const nearOctets = [24, 16, 8, 0].map((shift) => (near >>> shift) & 255);
      for (const candidate of [base, other, nearOctets]) {
        const inside = Math.floor(numberOf(candidate) / size) === Math.floor(numberOf(base) / size);
        assert.equal(matches(regex, `${candidate.join('.')}:443`), inside, `${candidate.join('.')} ${regex}`);
        assert.equal(matches(regex, `${candidate.join('.')}:444`), false);
      }
    }),
    { seed: 20_260_101, numRuns: 500 },
  );
});

test('no port means 80', () => {
  assert.deepEqual(authorityDomains(['a.test', '2001:db8::1'], 80), [
    'a.test:80',
    'a.test',
    '[2001:db8::1]:80',
    '[2001:db8::1]',
  ]);
  assert.deepEqual(authorityDomains(['*.wild.test'], 443), ['*.wild.test:443']);
  assert.ok(matches(rangeRegex('192.0.2.0/24', 80), '192.0.2.1'));
  assert.ok(!matches(rangeRegex('192.0.2.0/24', 443), '192.0.2.1'));
});

test('a host is taken as it stands, in any case', () => {
  assert.ok(matches(hostRegex('a.test', 443), 'A.test:443'));
  assert.ok(!matches(hostRegex('a.test', 443), 'axtest:443'));
  assert.ok(!matches(hostRegex('a.test', 443), 'a.test'));
  assert.ok(matches(hostRegex('a.test', 80), 'a.test'));
  assert.ok(matches(hostRegex('a.test', undefined), 'a.test:8080'));
});
