// DNS as pods ask it, over real sockets: who sees which name, in which order names are looked up, and what the host's
// resolvers may do without harm.
import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import fc from 'fast-check';
import type { Scope } from '../launch/testing/started.ts';
import type { KeeperConfig } from '../protocol.ts';
import { createHostsFile } from './hosts-file.ts';
import { createDnsServer, type DnsServer } from './server.ts';
import { askTcp, askUdp, query } from './testing/ask.ts';
import { type Reply, startNameserver, type TestNameserver } from './testing/nameserver.ts';

const found = (name: string): Reply => ({ answers: [{ type: 'A', name, ttl: 5, data: '192.0.2.77' }] });
const shop = { namespace: 'shop', hostname: 'web-1', podIP: '10.9.0.1', asks: 'program' } as const;
const noSuchName = 3;
const serverFailure = 2;

async function serverWith(
  t: Scope,
  config: Partial<KeeperConfig> = {},
  reply: (name: string, by: 'udp' | 'tcp') => Reply | undefined = () => ({ code: noSuchName }),
): Promise<{ readonly dns: DnsServer; readonly port: number; readonly upstream: TestNameserver }> {
  const upstream = await startNameserver(t, reply);
  const dns = createDnsServer({ cidr: '10.9.0.0/16', upstream: [upstream], hosts: createHostsFile(hostsPath) });
  t.after(() => dns.close());
  dns.setConfig({ records: [], resolve: [], ...config });
  return { dns, port: await dns.listen('127.0.0.1', 0, shop), upstream };
}

const folder = mkdtempSync(join(tmpdir(), 'sallyport-dns-'));
const hostsPath = join(folder, 'hosts');
before(() => writeFileSync(hostsPath, '192.0.2.40 inhosts Both.example # not this\n2001:db8::40 both.example\n'));
after(() => rmSync(folder, { recursive: true }));

describe('names answered here', () => {
  test('come from the mesh first, then from --resolve, then from /etc/hosts', async (t) => {
    const resolve = [
      { host: 'both.example', address: '192.0.2.2' },
      { host: 'svc.shop.svc.cluster.local', address: '192.0.2.3' },
    ];
    const records = [{ name: 'svc.shop.svc.cluster.local', addresses: ['240.0.0.1'] }];
    const { port, upstream } = await serverWith(t, { resolve, records });
    const address = async (name: string) => (await askUdp(port, query(name))).addresses;
    assert.deepEqual(await address('svc.shop.svc.cluster.local'), ['240.0.0.1']);
    assert.deepEqual(await address('both.example'), ['192.0.2.2']);
    assert.deepEqual(await address('inhosts'), ['192.0.2.40']);
    assert.deepEqual(await address('web-1'), ['10.9.0.1']);
    assert.deepEqual(upstream.asked, []);
  });

  test('are the same in any case and with a dot at the end', async (t) => {
    const { port } = await serverWith(t, { resolve: [{ host: 'one.example', address: '192.0.2.1' }] });
    for (const name of ['ONE.Example', 'one.example.']) {
      const { addresses, packet } = await askUdp(port, query(name));
      assert.deepEqual(addresses, ['192.0.2.1']);
      assert.equal(packet.questions?.[0]?.name, name.replace(/\.$/, ''));
    }
  });

  test('that lead a program to its proxy are what they are outside for the proxy', async (t) => {
    const records = [{ name: 'db.example', addresses: ['240.240.0.1'], forPrograms: true }];
    const resolve = [{ host: 'db.example', address: '192.0.2.5' }];
    const { dns, port } = await serverWith(t, { records, resolve });
    const proxyPort = await dns.listen('127.0.0.1', 0, { ...shop, asks: 'proxy' });
    assert.deepEqual((await askUdp(port, query('db.example'))).addresses, ['240.240.0.1']);
    assert.deepEqual((await askUdp(port, query('db.example', 'AAAA'))).code, 0);
    assert.deepEqual((await askUdp(port, query('db.example', 'AAAA'))).addresses, []);
    assert.deepEqual((await askUdp(proxyPort, query('db.example'))).addresses, ['192.0.2.5']);
  });

  test('that lead a program to its proxy are asked outside for all but addresses', async (t) => {
    const records = [{ name: 'db.example', addresses: ['240.240.0.1'], forPrograms: true }];
    const { port, upstream } = await serverWith(t, { records });
    assert.equal((await askUdp(port, query('db.example', 'TXT'))).code, noSuchName);
    assert.deepEqual(upstream.asked, ['udp db.example']);
    // A service binding would bring addresses that lead around the proxy's.
    const binding = query('db.example');
    binding.writeUInt16BE(65, binding.length - 4);
    assert.deepEqual([(await askUdp(port, binding)).code, upstream.asked.length], [0, 1]);
  });

  test('are those of the namespace that asks, before those of all', async (t) => {
    const name = 'db.example';
    const records = [
      { name, addresses: ['240.240.0.1'] },
      { name, addresses: ['240.240.0.2'], namespaces: ['shop'] },
      { name, addresses: [], namespaces: ['bare'] },
    ];
    const { dns, port } = await serverWith(t, { records, resolve: [{ host: name, address: '192.0.2.5' }] });
    const bare = await dns.listen('127.0.0.1', 0, { ...shop, namespace: 'bare' });
    const other = await dns.listen('127.0.0.1', 0, { ...shop, namespace: 'other' });
    const answers = await Promise.all([port, bare, other].map((at) => askUdp(at, query(name))));
    assert.deepEqual(
      answers.map(({ addresses }) => addresses.join()),
      ['240.240.0.2', '192.0.2.5', '240.240.0.1'],
    );
  });

  test('may be wildcards, of which the nearest counts', async (t) => {
    const records = [
      { name: '*.wild.example', addresses: ['240.240.0.1'] },
      { name: '*.near.wild.example', addresses: ['240.240.0.2'] },
    ];
    const { port } = await serverWith(t, { records });
    for (const [name, address] of [
      ['a.wild.example', '240.240.0.1'],
      ['a.b.wild.example', '240.240.0.1'],
      ['a.near.wild.example', '240.240.0.2'],
    ] as const) {
      assert.deepEqual((await askUdp(port, query(name))).addresses, [address], name);
    }
    assert.equal((await askUdp(port, query('wild.example'))).code, noSuchName);
  });

  test('may stand for another name, which is answered with its own', async (t) => {
    const records = [
      { name: 'my.shop.svc.cluster.local', addresses: [], aliasOf: 'outside.example' },
      { name: 'lost.shop.svc.cluster.local', addresses: [], aliasOf: 'gone.shop.svc.cluster.local' },
      { name: 'known.shop.svc.cluster.local', addresses: [], aliasOf: 'both.example' },
    ];
    const { port } = await serverWith(t, { records }, (name) =>
      name === 'outside.example' ? found(name) : { code: noSuchName },
    );
    const outside = await askUdp(port, query('my.shop.svc.cluster.local'));
    assert.deepEqual(outside.addresses, ['192.0.2.77']);
    assert.deepEqual(
      outside.packet.answers?.map(({ type }) => type),
      ['CNAME', 'A'],
    );
    assert.deepEqual((await askUdp(port, query('known.shop.svc.cluster.local'))).addresses, ['192.0.2.40']);
    assert.equal((await askUdp(port, query('lost.shop.svc.cluster.local'))).code, noSuchName);
  });

  test('that stand for a name which leads a program to its proxy are asked outside for all but addresses', async (t) => {
    const forPrograms = { addresses: ['240.240.0.1'], forPrograms: true } as const;
    const records = [
      { name: 'my.shop.svc.cluster.local', addresses: [], aliasOf: 'db.example' },
      { name: 'db.example', ...forPrograms },
      { name: 'own.shop.svc.cluster.local', addresses: [], aliasOf: 'known.example' },
      { name: 'known.example', ...forPrograms, unlessKnown: true },
      { name: 'new.shop.svc.cluster.local', addresses: [], aliasOf: 'nowhere.example' },
      { name: 'nowhere.example', ...forPrograms, unlessKnown: true },
    ];
    const text = { type: 'TXT', name: 'db.example', ttl: 5, data: 'v=1' } as const;
    const { port, upstream } = await serverWith(t, { records }, (name) => {
      if (name === 'db.example') return { answers: [text] };
      return name === 'known.example' ? found(name) : { code: noSuchName };
    });
    const asked = await askUdp(port, query('my.shop.svc.cluster.local', 'TXT'));
    assert.deepEqual(
      asked.packet.answers?.map(({ type, name }) => [type, name]),
      [
        ['CNAME', 'my.shop.svc.cluster.local'],
        ['TXT', 'db.example'],
      ],
    );
    assert.deepEqual((await askUdp(port, query('my.shop.svc.cluster.local'))).addresses, ['240.240.0.1']);
    // A service binding would bring addresses that lead around the proxy's.
    const binding = query('my.shop.svc.cluster.local');
    binding.writeUInt16BE(65, binding.length - 4);
    assert.equal((await askUdp(port, binding)).code, 0);
    assert.deepEqual(upstream.asked, ['udp db.example']);
    // The address of an entry with NONE counts only where nobody else knows the name.
    assert.deepEqual((await askUdp(port, query('own.shop.svc.cluster.local'))).addresses, ['192.0.2.77']);
    assert.deepEqual((await askUdp(port, query('new.shop.svc.cluster.local'))).addresses, ['240.240.0.1']);
  });

  test('may count only where nobody else knows the name', async (t) => {
    const record = { addresses: ['192.0.2.1'], forPrograms: true, unlessKnown: true };
    const records = ['known.example', 'inhosts', 'address.internal'].map((name) => ({ name, ...record }));
    const { port } = await serverWith(t, { records }, (name) =>
      name === 'known.example' ? found(name) : { code: noSuchName },
    );
    assert.deepEqual((await askUdp(port, query('known.example'))).addresses, ['192.0.2.77']);
    assert.deepEqual((await askUdp(port, query('inhosts'))).addresses, ['192.0.2.40']);
    assert.deepEqual((await askUdp(port, query('address.internal'))).addresses, ['192.0.2.1']);
  });

  test('of one family have no address of the other, and that is no error', async (t) => {
    const resolve = [
      { host: 'four.example', address: '192.0.2.1' },
      { host: 'six.example', address: '2001:db8::1' },
    ];
    const { port, upstream } = await serverWith(t, { resolve });
    const found = async (name: string, type: 'A' | 'AAAA') => {
      const { code, addresses } = await askUdp(port, query(name, type));
      return [code, ...addresses];
    };
    assert.deepEqual(await found('four.example', 'AAAA'), [0]);
    assert.deepEqual(await found('six.example', 'A'), [0]);
    assert.deepEqual(await found('six.example', 'AAAA'), [0, '2001:db8::1']);
    assert.deepEqual(await found('both.example', 'AAAA'), [0, '2001:db8::40']);
    assert.deepEqual(upstream.asked, []);
  });

  test('are seen only in their namespaces', async (t) => {
    const records = [{ name: 'db.other.svc.cluster.local', addresses: ['240.0.0.2'], namespaces: ['other'] }];
    const { dns, port } = await serverWith(t, { records });
    assert.equal((await askUdp(port, query('db.other.svc.cluster.local'))).code, noSuchName);
    await dns.unlisten('127.0.0.1');
    const other = await dns.listen('127.0.0.1', 0, { ...shop, namespace: 'other' });
    assert.deepEqual((await askUdp(other, query('db.other.svc.cluster.local'))).addresses, ['240.0.0.2']);
    dns.setConfig({ records: [{ name: 'db.other.svc.cluster.local', addresses: ['240.0.0.3'] }], resolve: [] });
    assert.deepEqual((await askUdp(other, query('db.other.svc.cluster.local'))).addresses, ['240.0.0.3']);
  });

  test('do not leave this host where they are of the mesh’s domain', async (t) => {
    const { port, upstream } = await serverWith(t);
    const found = await askUdp(port, query('httpbin.org.shop.svc.cluster.local'));
    assert.equal(found.code, noSuchName);
    assert.deepEqual(upstream.asked, []);
  });

  test('get a stand-in where a rule changes the port', async (t) => {
    const { port } = await serverWith(t, {
      resolve: [{ host: 'a.example', port: 443, address: '192.0.2.1', targetPort: 8443 }],
    });
    assert.match((await askUdp(port, query('a.example'))).addresses[0] ?? '', /^10\.9\.255\.\d+$/);
  });

  test('follow /etc/hosts as it changes', async (t) => {
    const { port } = await serverWith(t);
    assert.equal((await askUdp(port, query('later.example'))).code, noSuchName);
    writeFileSync(hostsPath, '192.0.2.41 later.example\n192.0.2.40 inhosts both.example\n2001:db8::40 both.example\n');
    assert.deepEqual((await askUdp(port, query('later.example'))).addresses, ['192.0.2.41']);
  });
});

describe('names of the host’s resolvers', () => {
  test('are passed through: answers, "no such name", failures', async (t) => {
    const { port, upstream } = await serverWith(t, {}, (name) =>
      name === 'up.example'
        ? { answers: [{ type: 'A', name, ttl: 60, data: '192.0.2.9' }] }
        : { code: name === 'broken.example' ? serverFailure : noSuchName },
    );
    assert.deepEqual((await askUdp(port, query('up.example'))).addresses, ['192.0.2.9']);
    assert.equal((await askUdp(port, query('none.example'))).code, noSuchName);
    assert.equal((await askUdp(port, query('broken.example'))).code, serverFailure);
    assert.deepEqual(upstream.asked.slice(0, 2), ['udp up.example', 'udp none.example']);
  });

  test('are asked once while their answer lives, and every asker gets its own id', async (t) => {
    const { port, upstream } = await serverWith(t, {}, (name) => ({
      answers: [{ type: 'A', name, ttl: name === 'short.example' ? 0 : 60, data: '192.0.2.9' }],
    }));
    assert.equal((await askUdp(port, query('long.example', 'A', 1))).id, 1);
    assert.deepEqual((await askUdp(port, query('long.example', 'A', 2))).id, 2);
    await askUdp(port, query('short.example'));
    await askUdp(port, query('short.example'));
    assert.deepEqual(upstream.asked, ['udp long.example', 'udp short.example', 'udp short.example']);
  });

  test('are asked by TCP where the answer was cut off', async (t) => {
    const { port, upstream } = await serverWith(t, {}, (name, by) =>
      by === 'udp' ? { truncated: true } : { answers: [{ type: 'A', name, ttl: 1, data: '192.0.2.9' }] },
    );
    assert.deepEqual((await askUdp(port, query('long.example'))).addresses, ['192.0.2.9']);
    assert.deepEqual(upstream.asked, ['udp long.example', 'tcp long.example']);
  });

  test('come from the next one where the first is silent or fails', async (t) => {
    const silent = await startNameserver(t, () => undefined);
    const failing = await startNameserver(t, () => ({ code: serverFailure }));
    const good = await startNameserver(t, (name) => ({ answers: [{ type: 'A', name, ttl: 1, data: '192.0.2.9' }] }));
    const dns = createDnsServer({ cidr: '10.9.0.0/16', upstream: [silent, failing, good] });
    t.after(() => dns.close());
    const port = await dns.listen('127.0.0.1', 0, shop);
    assert.deepEqual((await askUdp(port, query('a.example'))).addresses, ['192.0.2.9']);
  });

  test('fail before the asker would ask again, where nobody answers', async (t) => {
    const { port, upstream } = await serverWith(t, {}, () => undefined);
    const started = performance.now();
    assert.equal((await askUdp(port, query('silent.example'))).code, serverFailure);
    // Resolvers ask again after 5 s.
    assert.ok(performance.now() - started < 5_000);
    assert.deepEqual(upstream.asked, ['udp silent.example', 'udp silent.example']);
  });
});

describe('the server', () => {
  const config = { resolve: [{ host: 'one.example', address: '192.0.2.1' }] };

  test('answers several questions on one TCP connection', async (t) => {
    const { port } = await serverWith(t, config);
    const answers = await askTcp(port, [query('one.example', 'A', 1), query('one.example', 'AAAA', 2)]);
    assert.deepEqual(answers.map(({ id, addresses }) => [id, addresses.length]).sort(), [
      [1, 1],
      [2, 0],
    ]);
  });

  test('survives whatever is sent', async (t) => {
    const { port } = await serverWith(t, config, () => undefined);
    const socket = createSocket('udp4');
    t.after(() => socket.close());
    const whole = query('one.example');
    const mutated = fc.tuple(fc.nat(whole.length - 1), fc.nat(255)).map(([at, value]) => {
      const copy = Buffer.from(whole);
      copy[at] = value;
      return copy;
    });
    const anything = fc.uint8Array({ maxLength: 600 }).map((bytes) => Buffer.from(bytes));
    for (const bytes of fc.sample(fc.oneof(mutated, anything), { numRuns: 500, seed: 11 })) {
      await new Promise((resolve) => socket.send(bytes, port, '127.0.0.1', resolve));
      // The kernel drops what does not fit into the receiver's buffer.
      await setImmediate();
    }
    const garbage = connect(port, '127.0.0.1');
    garbage.on('error', () => undefined);
    garbage.end(Buffer.alloc(10_000, 'garbage'));
    assert.deepEqual((await askUdp(port, query('one.example'))).addresses, ['192.0.2.1']);
  });

  test('stops at once, open connections or not, and frees its port', async (t) => {
    const { dns, port } = await serverWith(t, config);
    const open = connect(port, '127.0.0.1');
    await new Promise((resolve) => open.once('connect', resolve));
    const ended = new Promise((resolve) => open.once('close', resolve));
    open.on('error', () => undefined);
    await dns.unlisten('127.0.0.1');
    await ended;
    assert.equal(await dns.listen('127.0.0.1', port, shop), port);
    await assert.rejects(dns.listen('127.0.0.1', port, shop), { code: 'SP_DNS_PORT' });
  });
});
