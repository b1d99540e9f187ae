// Ports without a protocol under a VirtualService: its http rules have what is HTTP, its tcp rules all else, whichever way the
// host is found: by an address that the mesh gave, by one of its own, by a range, or by none (istio-semantics 1.2, 3.1).
import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import { ask } from '../support/calls.ts';
import type { Journal } from '../support/journal.ts';
import { serviceEntry, startMesh, type TestMesh, type Workload } from '../support/mesh.ts';
import { outboundPolicy, virtualService } from '../support/networking.ts';
import { startOutsideSniffer } from '../support/outside-sniffer.ts';
import { outsideAddress } from '../support/outside-world.ts';
import { needs } from '../support/requires.ts';
import { suiteScope } from '../support/suite-scope.ts';
import { until } from '../support/until.ts';

const ungiven = { labels: { 'networking.istio.io/enable-autoallocate-ip': 'false' } };
const sniffed = (number: number) => [{ number, name: 'sniffed', protocol: '' }];
const tlsHandshake = '\x16\x03';

interface Site {
  readonly host: string;
  readonly port: number;
  /** What the program connects to. */
  readonly at: string;
}

const sites: readonly Site[] = [
  { host: 'given.test', port: 7000, at: 'given.test' },
  { host: 'bare.test', port: 7100, at: 'bare.test' },
  { host: 'own.test', port: 7200, at: '192.0.2.50' },
  { host: 'ranged.test', port: 7300, at: '192.0.2.70' },
];

for (const capture of ['redirect', 'proxy'] as const) {
  describe(`a port without a protocol, ${capture} capture`, needs('root', 'iproute2', 'firewall'), () => {
    const scope = suiteScope();
    const numbers = capture === 'redirect' ? [81, 82, 84] : [85, 86, 87];
    // Proxies are asked for names, and of a range they know no HTTP.
    const reached = capture === 'redirect' ? sites : sites.slice(0, 3).map((site) => ({ ...site, at: site.host }));
    let mesh: TestMesh;
    let caller: Workload;
    let other: Journal<string>;

    before(async () => {
      const [home = '', away = '', further = ''] = numbers.map(outsideAddress);
      await startOutsideSniffer(scope, { name: 'home', address: home, ports: sites.map(({ port }) => port) });
      other = await startOutsideSniffer(scope, { name: 'other', address: away, ports: [7001, 7002] });
      await startOutsideSniffer(scope, { name: 'third', address: further, ports: [7002] });
      const resolve = [...sites.map(({ host }) => `${host}=${home}`), `other.test=${away}`, `third.test=${further}`];
      mesh = await startMesh(scope, { up: ['--capture', capture, ...resolve.flatMap((rule) => ['--resolve', rule])] });
      caller = await mesh.workload('caller');
      const behind = { resolution: 'STATIC', endpoints: [{ address: home }] };
      const tcp = { number: 7002, name: 'tcp', protocol: 'TCP' };
      await mesh.apply(
        outboundPolicy('REGISTRY_ONLY') +
          serviceEntry('given', { hosts: ['given.test'], ports: sniffed(7000) }) +
          serviceEntry('bare', { hosts: ['bare.test'], ports: sniffed(7100) }, ungiven) +
          serviceEntry('own', { hosts: ['own.test'], ports: sniffed(7200), addresses: ['192.0.2.50'], ...behind }) +
          serviceEntry('ranged', {
            hosts: ['ranged.test'],
            ports: sniffed(7300),
            addresses: ['192.0.2.64/28'],
            ...behind,
          }) +
          serviceEntry('other', {
            hosts: ['other.test'],
            ports: [{ number: 7001, name: 'http', protocol: 'HTTP' }, tcp],
          }) +
          serviceEntry('third', { hosts: ['third.test'], ports: [tcp] }),
      );
    });

    const rules = (name: string, tcp: readonly object[]) =>
      virtualService(name, {
        hosts: [`${name}.test`],
        http: [
          {
            match: [{ uri: { prefix: '/moved' } }],
            headers: { request: { set: { 'x-rule': name } } },
            route: [{ destination: { host: 'other.test', port: { number: 7001 } } }],
          },
          { route: [{ destination: { host: `${name}.test` } }] },
        ],
        tls: [{ match: [{ sniHosts: [`${name}.test`] }], route: [{ destination: { host: 'nowhere.test' } }] }],
        tcp: [{ route: tcp }],
      });

    const to = (host: string, weight?: number) => ({
      destination: { host, port: { number: 7002 } },
      ...(weight === undefined ? {} : { weight }),
    });

    async function http({ host, port, at }: Site, path: string): Promise<string> {
      const { status, body, error } = await ask(caller, at, { port, path, headers: { host: `${host}:${port}` } });
      return status === 200 ? (body ?? '') : String(status ?? error);
    }

    async function tls({ host, port, at }: Site): Promise<string> {
      const { text, error } = await caller.perform({ do: 'tls', host: at, port, sni: host });
      return /^server: (.*)\r$/im.exec(text ?? '')?.[1] ?? error ?? '';
    }

    async function bytes({ port, at }: Site): Promise<string> {
      const { text, error } = await caller.perform({ do: 'tcp', host: at, port, send: 'bytes\n' });
      return text || (error ?? '');
    }

    it('is the host, whatever is spoken, while no rule speaks of it', async () => {
      for (const site of reached) {
        await until(`${site.host} is there`, async () => (await tls(site)) === 'home');
        assert.equal(await http(site, '/moved'), 'home http', site.host);
        if (capture === 'redirect') assert.equal(await bytes(site), 'home tcp', site.host);
      }
    });

    it('gives its HTTP to the http rules, and all else to the tcp rule', async () => {
      await mesh.apply(sites.map(({ host }) => rules(host.replace('.test', ''), [to('other.test')])).join(''));
      for (const site of reached) {
        await until(`the tcp rule of ${site.host} holds`, async () => (await tls(site)) === 'other');
        await until('its http rules hold', async () => (await http(site, '/moved')) === 'other http');
        assert.equal(await http(site, '/'), 'home http', site.host);
        const got = other.items.filter((first) => first.startsWith('GET /moved')).at(-1) ?? '';
        assert.match(got, new RegExp(`^x-rule: ${site.host.replace('.test', '')}\r$`, 'im'));
        // As the program sent it: its tls rule is for ports that say TLS.
        const hello = other.items.filter((first) => first.startsWith(tlsHandshake)).at(-1) ?? '';
        assert.ok(hello.includes(site.host), site.host);
        if (capture === 'redirect') assert.equal(await bytes(site), 'other tcp', site.host);
      }
    });

    it('shares what is no HTTP between the destinations of the tcp rule', async () => {
      await mesh.apply(
        sites
          .map(({ host }) => rules(host.replace('.test', ''), [to('other.test', 50), to('third.test', 50)]))
          .join(''),
      );
      for (const site of reached) {
        const seen = new Set<string>();
        await until(`both have answered for ${site.host}`, async () => seen.add(await tls(site)).size === 2);
        assert.deepEqual([...seen].sort(), ['other', 'third'], site.host);
      }
    });
  });
}
