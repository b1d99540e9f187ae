// What each field of a ServiceEntry does, seen by caller and outside server under REGISTRY_ONLY (product-facts checks 11–15;
// contract lines 17, 18, 20–22).
import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import { serviceEntry, startMesh, type TestMesh, type Workload, withoutGivenAddress } from '../support/mesh.ts';
import { type OutsideHttp, type OutsideTcp, startOutsideHttp, startOutsideTcp } from '../support/outside-server.ts';
import { outsideAddress } from '../support/outside-world.ts';
import { needs } from '../support/requires.ts';
import { suiteScope } from '../support/suite-scope.ts';
import { until } from '../support/until.ts';

const registryOnly = `apiVersion: istio.banzaicloud.io/v1beta1
kind: Istio
metadata: { name: mesh, namespace: istio-system }
spec: { version: 1.4.9, outboundTrafficPolicy: { mode: REGISTRY_ONLY } }
---
`;

describe('ServiceEntry', needs('root', 'iproute2', 'firewall'), () => {
  const scope = suiteScope();
  const addresses = { one: '', two: '' };
  let mesh: TestMesh;
  let caller: Workload;
  let stranger: Workload;
  let one: OutsideHttp;
  let two: OutsideHttp;
  let oneTls: OutsideHttp;
  let twoTls: OutsideHttp;
  let echo: OutsideTcp;

  before(async () => {
    addresses.one = outsideAddress(11);
    addresses.two = outsideAddress(12);
    one = await startOutsideHttp({
      t: scope,
      address: addresses.one,
      port: 80,
      respond: (_, answer) => answer.end('one'),
    });
    two = await startOutsideHttp({
      t: scope,
      address: addresses.two,
      port: 80,
      respond: (_, answer) => answer.end('two'),
    });
    await startOutsideHttp({
      t: scope,
      address: addresses.one,
      port: 8080,
      respond: (_, answer) => answer.end('8080'),
    });
    oneTls = await startOutsideHttp({ t: scope, address: addresses.one, port: 443, tls: true });
    twoTls = await startOutsideHttp({ t: scope, address: addresses.two, port: 443, tls: true });
    echo = await startOutsideTcp({ t: scope, address: addresses.one, port: 7000 });
    const names = {
      one: [
        'one.example',
        'www.one.example',
        'hidden.example',
        'deep.a.wild.example',
        'a.wild.example',
        'static.example',
      ],
      two: ['two.example', 'elsewhere.example'],
    };
    const rules = Object.entries(names).flatMap(([key, hosts]) =>
      hosts.flatMap((host) => ['--resolve', `${host}=${key === 'one' ? addresses.one : addresses.two}`]),
    );
    const special = [
      'loopback.example=127.0.0.1',
      'metadata.example=169.254.169.254',
      'private.wild.example=10.11.12.13',
    ];
    mesh = await startMesh(scope, { up: [...rules, ...special.flatMap((rule) => ['--resolve', rule])] });
    await mesh.apply(registryOnly);
    caller = await mesh.workload('caller');
    stranger = await mesh.workload('stranger', { namespace: 'other' });
    await until('REGISTRY_ONLY is in force', async () => (await get(caller, 'one.example')) === 502);
  });

  async function get(from: Workload, host: string, options: { port?: number; headers?: Record<string, string> } = {}) {
    const { status, error } = await from.perform({ do: 'http', host, ...options });
    return status ?? error ?? '';
  }

  async function body(from: Workload, host: string, options: { port?: number; headers?: Record<string, string> } = {}) {
    const result = await from.perform({ do: 'http', host, ...options });
    return result.body ?? result.error ?? '';
  }

  /** Applies, waits until `open` answers 200, runs, deletes, waits until it is closed again. */
  async function withEntry(yaml: string, name: string, open: () => Promise<boolean>, check: () => Promise<void>) {
    await mesh.apply(yaml);
    try {
      await until(`${name} is open`, open);
      await check();
    } finally {
      await mesh.run('delete', 'serviceentry', name);
      await until(`${name} is closed`, async () => !(await open()));
    }
  }

  it('opens exactly the listed hosts', async () => {
    await withEntry(
      serviceEntry('list', { hosts: ['one.example', 'www.one.example'] }),
      'list',
      async () => (await get(caller, 'one.example')) === 200,
      async () => {
        assert.equal(await get(caller, 'www.one.example'), 200);
        assert.equal(await get(caller, 'two.example'), 502);
        assert.equal(await get(caller, addresses.one, { headers: { host: 'sub.one.example' } }), 502);
      },
    );
  });

  it('gives a trailing dot, another case and a port the decision of the plain host', async () => {
    await withEntry(
      serviceEntry('forms', { hosts: ['One.Example'] }),
      'forms',
      async () => (await get(caller, 'one.example')) === 200,
      async () => {
        for (const host of ['one.example.', 'ONE.EXAMPLE', 'one.example:80', 'One.example.:80', 'one.example:443']) {
          assert.equal(await get(caller, addresses.one, { headers: { host } }), 200, host);
        }
        for (const host of [
          'one.example.evil',
          'evil.one.example',
          'user@one.example',
          addresses.one,
          'one.example,two.example',
        ]) {
          assert.notEqual(await get(caller, addresses.one, { headers: { host } }), 200, host);
        }
      },
    );
  });

  it('lets the name decide where a request goes, not the address the caller connected to', async () => {
    await withEntry(
      serviceEntry('named', { hosts: ['one.example'], resolution: 'NONE' }),
      'named',
      async () => (await get(caller, 'one.example')) === 200,
      async () => {
        const seen = two.requests.items.length;
        assert.equal(await body(caller, addresses.two, { headers: { host: 'one.example' } }), 'one');
        assert.equal(two.requests.items.length, seen);
      },
    );
  });

  it('follows the address only within the listed ones, or when told to trust the caller', async () => {
    await withEntry(
      serviceEntry('ranges', {
        hosts: ['one.example', 'elsewhere.example'],
        resolution: 'NONE',
        addresses: [`${addresses.one}/32`],
      }),
      'ranges',
      async () => (await get(caller, 'one.example')) === 200,
      async () => assert.equal(await get(caller, 'elsewhere.example'), 403),
    );
    await withEntry(
      serviceEntry(
        'trust',
        { hosts: ['one.example'], resolution: 'NONE' },
        { annotations: { 'egress.sallyport.dev/original-destination': 'trust' } },
      ),
      'trust',
      async () => (await get(caller, 'one.example')) === 200,
      async () => assert.equal(await body(caller, addresses.two, { headers: { host: 'one.example' } }), 'two'),
    );
  });

  it('keeps an entry exported to its own namespace from the others', async () => {
    await withEntry(
      serviceEntry('own', { hosts: ['one.example'], exportTo: ['.'] }),
      'own',
      async () => (await get(caller, 'one.example')) === 200,
      async () => assert.equal(await get(stranger, 'one.example'), 502),
    );
    await withEntry(
      serviceEntry('given', { hosts: ['one.example'], exportTo: ['other'] }),
      'given',
      async () => (await get(stranger, 'one.example')) === 200,
      async () => assert.equal(await get(caller, 'one.example'), 502),
    );
  });

  it('opens TLS by SNI alone, to the address of that name', async () => {
    await withEntry(
      serviceEntry('tls', { hosts: ['one.example'], ports: [{ number: 443, name: 'tls', protocol: 'TLS' }] }),
      'tls',
      async () => (await caller.perform({ do: 'tls', host: 'one.example' })).error === undefined,
      async () => {
        const seen = twoTls.connections.items.length;
        const lied = await caller.perform({ do: 'tls', host: addresses.two, sni: 'one.example' });
        assert.match(lied.text ?? '', /200 OK/);
        assert.equal(oneTls.requests.items.at(-1)?.sni, 'one.example');
        assert.equal(twoTls.connections.items.length, seen);
        assert.equal(
          (await caller.perform({ do: 'tls', host: addresses.one, sni: 'two.example' })).error,
          'ECONNRESET',
        );
        assert.equal((await caller.perform({ do: 'tls', host: addresses.one, sni: '' })).error, 'ECONNRESET');
        assert.equal(await get(caller, 'one.example'), 502, 'HTTP on port 80 was not opened');
      },
    );
  });

  it('opens what is below a wildcard, for HTTP and TLS, and refuses private answers there', async () => {
    const ports = [
      { number: 80, name: 'http', protocol: 'HTTP' },
      { number: 8080, name: 'alt', protocol: 'HTTP' },
      { number: 443, name: 'tls', protocol: 'TLS' },
    ];
    await withEntry(
      serviceEntry('wild', { hosts: ['*.wild.example'], ports, resolution: 'DYNAMIC_DNS' }),
      'wild',
      async () => (await get(caller, 'a.wild.example')) === 200,
      async () => {
        assert.equal(await body(caller, 'deep.a.wild.example'), 'one');
        await until(
          'its second port is open',
          async () => (await body(caller, 'a.wild.example', { port: 8080 })) === '8080',
        );
        // Envoy dials the port that the Host header names: any but the registered one is refused.
        assert.equal(await get(caller, 'a.wild.example', { headers: { host: 'a.wild.example:7000' } }), 403);
        assert.equal(await get(caller, addresses.one, { headers: { host: 'wild.example' } }), 502);
        assert.equal(await get(caller, addresses.one, { headers: { host: 'evilwild.example' } }), 502);
        assert.equal(await get(caller, 'private.wild.example'), 403);
        await until('TLS below the wildcard is open', async () =>
          /200 OK/.test((await caller.perform({ do: 'tls', host: 'a.wild.example' })).text ?? ''),
        );
        assert.equal(oneTls.requests.items.at(-1)?.sni, 'a.wild.example');
        assert.notEqual((await caller.perform({ do: 'tls', host: 'private.wild.example' })).error, undefined);
        assert.equal(
          (await caller.perform({ do: 'tls', host: addresses.one, sni: 'wild.example' })).error,
          'ECONNRESET',
        );
      },
    );
  });

  it('opens TCP by address, and by port where there is none', async () => {
    const ports = [{ number: 7000, name: 'tcp', protocol: 'TCP' }];
    const send = (host: string) => caller.perform({ do: 'tcp', host, port: 7000, send: 'ping', expect: 4 });
    await withEntry(
      serviceEntry('vip', {
        hosts: ['one.example'],
        ports,
        addresses: [addresses.one],
        resolution: 'STATIC',
        endpoints: [{ address: addresses.one }],
      }),
      'vip',
      async () => (await send(addresses.one)).text === 'ping',
      async () => {
        const seen = echo.connections.items.length;
        assert.notEqual((await send(addresses.two)).text, 'ping');
        assert.equal(echo.connections.items.length, seen);
      },
    );
    await withEntry(
      serviceEntry('port', { hosts: ['one.example'], ports }, withoutGivenAddress),
      'port',
      async () => (await send('one.example')).text === 'ping',
      async () =>
        assert.equal((await send(addresses.two)).text, 'ping', 'the entry takes the whole port, to its own host'),
    );
  });

  it('balances over STATIC endpoints with ports of their own', async () => {
    await withEntry(
      serviceEntry('static', {
        hosts: ['static.example'],
        resolution: 'STATIC',
        endpoints: [{ address: addresses.two }, { address: addresses.one, ports: { http: 8080 } }],
      }),
      'static',
      async () => (await get(caller, 'static.example')) === 200,
      async () => {
        const bodies = new Set<string>();
        await until('both endpoints have answered', async () => {
          bodies.add(await body(caller, 'static.example'));
          return bodies.size === 2;
        });
        assert.deepEqual([...bodies].sort(), ['8080', 'two']);
      },
    );
  });

  it('refuses names that point at this host or at cloud metadata', async () => {
    const ports = [
      { number: 80, name: 'http', protocol: 'HTTP' },
      { number: 443, name: 'tls', protocol: 'TLS' },
    ];
    await mesh.apply(serviceEntry('inside', { hosts: ['one.example', 'loopback.example', 'metadata.example'], ports }));
    await until('one.example is open', async () => (await get(caller, 'one.example')) === 200);
    assert.equal(await get(caller, addresses.one, { headers: { host: 'loopback.example' } }), 403);
    assert.equal(await get(caller, 'metadata.example'), 403);
    assert.notEqual((await caller.perform({ do: 'tls', host: 'metadata.example' })).error, undefined);
    await mesh.run('delete', 'serviceentry', 'inside');
  });

  it('lets nothing out that speaks of the mesh', async () => {
    await withEntry(
      serviceEntry('headers', { hosts: ['one.example'] }),
      'headers',
      async () => (await get(caller, 'one.example')) === 200,
      async () => {
        const headers = {
          'x-envoy-original-dst-host': `${addresses.two}:80`,
          'x-envoy-max-retries': '9',
          'x-forwarded-for': '192.0.2.1',
          'x-forwarded-host': 'other.example',
          'x-request-id': 'mine',
        };
        const result = await caller.perform({ do: 'http', host: 'one.example', headers });
        assert.equal(result.body, 'one');
        const names = [...(one.requests.items.at(-1)?.headers.keys() ?? [])].sort();
        assert.deepEqual(
          names,
          ['connection', 'host', 'x-request-id'].filter((name) => names.includes(name)),
        );
        assert.equal(one.requests.items.at(-1)?.headers.get('x-request-id'), 'mine');
        assert.ok(result.headers?.['x-envoy-upstream-service-time'] !== undefined);
        await caller.perform({ do: 'http', host: 'one.example' });
        const plain = [...(one.requests.items.at(-1)?.headers.keys() ?? [])].filter((name) => name !== 'connection');
        assert.deepEqual(plain, ['host']);
      },
    );
  });

  it('refuses a kept-open connection at once when the permission is taken away', async () => {
    await mesh.apply(serviceEntry('kept', { hosts: ['one.example'] }));
    const kept = () => caller.perform({ do: 'http', host: 'one.example', keepAlive: true });
    await until('one.example is open', async () => (await kept()).status === 200);
    await mesh.run('delete', 'serviceentry', 'kept');
    await until('the kept connection is refused', async () => (await kept()).status === 502, 3000);
  });
});
