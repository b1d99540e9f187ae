// The expression by which gateways know the mesh's own proxies, against the plan of addresses.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { loadBalancerAddress, maxSandboxes, sandboxAt } from '../runtime/network/addresses.ts';
import { proxyAddresses } from './proxy-addresses.ts';

test('every proxy of the mesh, and nobody else, is known by its address', () => {
  const cidr = '10.212.0.0/16';
  const expression = new RegExp(proxyAddresses('10.212.0.33'));
  const known = (address: string) => expression.test(`${address}:40000`);
  for (let index = 0; index < maxSandboxes; index += 1) {
    const { podIP, relayIP, proxyIP, hostIP } = sandboxAt('x', cidr, index);
    assert.deepEqual([podIP, relayIP, proxyIP, hostIP].map(known), [false, false, true, false], `${index}`);
  }
  for (let index = 0; index < 254; index += 1) assert.equal(known(loadBalancerAddress(cidr, index)), false);
  for (const other of ['10.213.0.5', '110.212.0.5', '10.212.0.53.9', '127.0.0.1', '192.168.0.5', '10.212.255.5'])
    assert.equal(known(other), false, other);
});
