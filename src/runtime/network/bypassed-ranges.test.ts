import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { bypassedRanges } from './bypassed-ranges.ts';

const cidr = '10.140.0.0/16';

test('everything is captured where nothing is said', () => {
  assert.deepEqual(bypassedRanges(cidr, { exclude: [] }), []);
});

test('what is excluded goes around, as it is written', () => {
  const exclude = ['198.51.100.7', '192.0.2.0/24', '203.0.113.9/24', 'fd00::/8'];
  assert.deepEqual(bypassedRanges(cidr, { exclude }), ['192.0.2.0/24', '198.51.100.7/32', '203.0.113.0/24']);
});

test('so does what is not included', () => {
  const around = bypassedRanges(cidr, { include: ['0.0.0.0/1', '192.0.0.0/2'], exclude: [] });
  assert.deepEqual(around.slice(0, 2), ['128.0.0.0/3', '160.0.0.0/5']);
  assert.equal(around.includes('169.254.0.0/16'), false);
  assert.equal(around.at(-1), '176.0.0.0/4');
});

test('ranges of IPv6 alone include nothing that could be captured: all of IPv4 stays so', () => {
  assert.deepEqual(bypassedRanges(cidr, { include: ['fd00::/8'], exclude: [] }), []);
});

test('what lies together is one range', () => {
  assert.deepEqual(bypassedRanges(cidr, { exclude: ['192.0.2.0/25', '192.0.2.128/25', '192.0.2.4'] }), [
    '192.0.2.0/24',
  ]);
});

test('text that is no range is refused', () => {
  assert.throws(() => bypassedRanges(cidr, { exclude: ['10.0.0/8'] }), { code: 'SP_BAD_RANGE' });
});

const address = fc.nat(2 ** 32 - 1);
const text = (number: number) => [24, 16, 8, 0].map((shift) => Math.floor(number / 2 ** shift) % 256).join('.');
const range = fc.tuple(address, fc.integer({ min: 0, max: 32 })).map(([number, prefix]) => `${text(number)}/${prefix}`);

function holds(ranges: readonly string[], number: number): boolean {
  return ranges.some((one) => {
    const [written = '', prefix] = one.split('/');
    const size = 2 ** (32 - Number(prefix));
    const first = written.split('.').reduce((sum, part) => sum * 256 + Number(part), 0);
    return Math.floor(first / size) === Math.floor(number / size);
  });
}

test('no address goes around but those, and never one of the host or the mesh', () => {
  const never = [cidr, '10.96.0.0/16', '0.0.0.0/8', '127.0.0.0/8', '169.254.0.0/16', '224.0.0.0/3'];
  const lists = { include: fc.option(fc.array(range, { minLength: 1 }), { nil: undefined }), exclude: fc.array(range) };
  const near = fc.constantFrom(0x0a8c0001, 0x0a600001, 0x7f000001, 0xa9fea9fe, 0xe0000001, 0xffffffff);
  fc.assert(
    fc.property(fc.record(lists), fc.oneof(address, near), ({ include, exclude }, number) => {
      const around = bypassedRanges(cidr, { ...(include && { include }), exclude });
      const asked = holds(exclude, number) || (include !== undefined && !holds(include, number));
      assert.equal(holds(around, number), asked && !holds(never, number));
    }),
    { seed: 20_260_101 },
  );
});
