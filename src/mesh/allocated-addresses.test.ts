import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { createAllocatedAddresses } from './allocated-addresses.ts';

const hosts = (count: number) => Array.from({ length: count }, (_, index) => `h${index}.example`);

test('a host has one address, the same in every process, out of the range', () => {
  const [first, second] = [createAllocatedAddresses(), createAllocatedAddresses()];
  const address = first.addressOf('db.example');
  assert.match(address ?? '', /^240\.240\.\d+\.\d+$/);
  assert.equal(first.addressOf('db.example'), address);
  second.addressOf('other.example');
  assert.equal(second.addressOf('db.example'), address);
});

test('no two hosts have one address, however few there are', () => {
  const addresses = createAllocatedAddresses(50);
  const given = hosts(50).map((host) => addresses.addressOf(host));
  assert.equal(new Set(given).size, 50);
  assert.ok(given.every((address) => address !== undefined && !address.endsWith('.0.0')));
});

test('when all are taken a host gets one that nobody names any more, or none', () => {
  const addresses = createAllocatedAddresses(2);
  const [one, two] = ['one', 'two'].map((host) => {
    addresses.setInUse(host, true);
    return addresses.addressOf(host);
  });
  assert.equal(addresses.addressOf('three'), undefined);
  addresses.setInUse('one', false);
  assert.equal(addresses.addressOf('one'), one, 'it is kept as long as nobody needs it');
  assert.equal(addresses.addressOf('three'), one);
  addresses.setInUse('three', true);
  assert.equal(addresses.addressOf('two'), two);
  assert.equal(addresses.addressOf('one'), undefined);
});

test('what an earlier process gave counts, unless it is not ours to give or given already', () => {
  const addresses = createAllocatedAddresses();
  addresses.restore('db.example', '240.240.7.7');
  addresses.restore('late.example', '240.240.7.7');
  for (const foreign of ['10.0.0.1', '240.240.0.0', '240.240.255.255', '240.241.0.1', 'nonsense', '2001:2::1']) {
    addresses.restore('foreign.example', foreign);
  }
  assert.equal(addresses.addressOf('db.example'), '240.240.7.7');
  assert.notEqual(addresses.addressOf('late.example'), '240.240.7.7');
  assert.equal(addresses.addressOf('foreign.example'), createAllocatedAddresses().addressOf('foreign.example'));
});

test('whatever comes and goes, hosts in use never share an address', () => {
  const step = fc.record({ host: fc.constantFrom(...hosts(8)), use: fc.boolean(), restore: fc.boolean() });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), fc.integer({ min: 1, max: 8 }), (steps, count) => {
      const addresses = createAllocatedAddresses(count);
      const inUse = new Map<string, string>();
      for (const { host, use, restore } of steps) {
        if (restore) addresses.restore(host, '240.240.0.1');
        if (use && !inUse.has(host)) {
          const address = addresses.addressOf(host);
          if (address === undefined) continue;
          addresses.setInUse(host, true);
          inUse.set(host, address);
        } else if (!use && inUse.delete(host)) addresses.setInUse(host, false);
        for (const [known, address] of inUse) assert.equal(addresses.addressOf(known), address);
        assert.equal(new Set(inUse.values()).size, inUse.size);
      }
    }),
    { seed: 20_260_101, numRuns: 300 },
  );
});
