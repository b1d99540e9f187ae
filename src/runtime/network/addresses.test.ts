import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { loadBalancerAddress, loadBalancerRange, maxSandboxes, sandboxAt } from './addresses.ts';
import { chooseMeshCidr } from './mesh-cidr.ts';
import { portRoutes } from './port-routes.ts';

const cidr = '10.140.0.0/16';
const meshId = '1a2b3c4d';

test('every sandbox has addresses and names of its own', () => {
  const seen = new Set<string>();
  for (let index = 0; index < maxSandboxes; index++) {
    const { podIP, relayIP, proxyIP, hostIP, hostLink } = sandboxAt(meshId, cidr, index);
    assert.ok(hostLink.length <= 15, hostLink);
    for (const value of [podIP, relayIP, proxyIP, hostIP, hostLink]) seen.add(value);
  }
  assert.equal(seen.size, maxSandboxes * 5);
  assert.equal([...seen].filter((address) => /^10\.140\.25[45]\./.test(address)).length, 0);
  assert.throws(() => sandboxAt(meshId, cidr, maxSandboxes), { code: 'SP_MESH_FULL' });
});

test('load balancers have addresses that nothing else has', () => {
  assert.equal(loadBalancerRange(cidr), '10.140.254.0/24');
  assert.equal(loadBalancerAddress(cidr, 0), '10.140.254.1');
  assert.equal(loadBalancerAddress(cidr, 253), '10.140.254.254');
  assert.throws(() => loadBalancerAddress(cidr, 254), { code: 'SP_MESH_FULL' });
});

test('a mesh’s range overlaps nothing the host routes to', () => {
  const first = chooseMeshCidr(meshId, []);
  assert.match(first, /^10\.(1[2-9]\d|2[0-4]\d|250)\.0\.0\/16$/);
  assert.equal(chooseMeshCidr(meshId, ['192.168.0.0/16', '10.0.0.0/9']), first);
  for (const taken of [first, first.replace('.0.0/16', '.7.7'), first.replace('.0.0/16', '.128.0/17')])
    assert.notEqual(chooseMeshCidr(meshId, [taken]), first);
  assert.match(chooseMeshCidr(meshId, ['10.0.0.0/8']), /^172\./);
  assert.throws(() => chooseMeshCidr(meshId, ['10.0.0.0/8', '172.16.0.0/12']), { code: 'SP_NO_ADDRESSES' });
});

test('a rule that changes the port gets a stand-in, and the host’s other ports pass unchanged', () => {
  const routes = portRoutes(cidr, [
    { host: 'Same.example', port: 80, address: '192.0.2.1', targetPort: 80 },
    { host: 'plain.example', address: '192.0.2.1' },
    { host: 'A.example', port: 443, address: '192.0.2.1', targetPort: 8443 },
    { host: 'a.example', port: 80, address: '192.0.2.2' },
    { host: 'b.example', address: '192.0.2.3', targetPort: 9000 },
  ]);
  const [address] = routes.filter(({ host }) => host === 'a.example').map((route) => route.address);
  assert.match(address ?? '', /^10\.140\.255\.\d+$/);
  assert.deepEqual(
    routes.filter(({ host }) => host === 'a.example'),
    [
      { host: 'a.example', address, port: 443, target: { address: '192.0.2.1', port: 8443 } },
      { host: 'a.example', address, port: 80, target: { address: '192.0.2.2' } },
      { host: 'a.example', address, target: { address: '192.0.2.1' } },
    ],
  );
  assert.deepEqual(
    routes.filter(({ host }) => host === 'b.example').map(({ port, target }) => ({ port, target })),
    [{ port: undefined, target: { address: '192.0.2.3', port: 9000 } }],
  );
  assert.equal(routes.length, 4);
});

test('stand-ins depend on the hosts alone, not on their order', () => {
  const host = fc.stringMatching(/^[a-z]{1,8}$/);
  fc.assert(
    fc.property(
      fc
        .uniqueArray(host, { maxLength: 200 })
        .chain((hosts) => fc.tuple(fc.constant(hosts), fc.shuffledSubarray(hosts, { minLength: hosts.length }))),
      ([hosts, shuffled]) => {
        const standIns = (names: readonly string[]) =>
          new Map(
            portRoutes(
              cidr,
              names.map((name) => ({ host: name, address: '192.0.2.1', targetPort: 1 })),
            ).map((route) => [route.host, route.address]),
          );
        const [one, two] = [standIns(hosts), standIns(shuffled)];
        assert.deepEqual([...one].sort(), [...two].sort());
        assert.equal(new Set(one.values()).size, hosts.length);
      },
    ),
    { seed: 7 },
  );
});
