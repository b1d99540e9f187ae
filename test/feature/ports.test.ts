// Who gets a connection on a port that nobody, somebody or several have, by what is spoken on it: the passthrough matrix and
// the conflict matrix of Istio's outbound listeners (istio-semantics 1.2, 1.3, 1.7), through a live Envoy. What differs from
// Istio stands in docs/differences.md.
import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import { ask, statusOf } from '../support/calls.ts';
import { serviceEntry, startMesh, type TestMesh, type Workload, withoutGivenAddress } from '../support/mesh.ts';
import { outboundPolicy } from '../support/networking.ts';
import { startOutsideSniffer } from '../support/outside-sniffer.ts';
import { outsideAddress } from '../support/outside-world.ts';
import { needs } from '../support/requires.ts';
import { suiteScope } from '../support/suite-scope.ts';
import { until } from '../support/until.ts';

const modes = ['ALLOW_ANY', 'REGISTRY_ONLY'] as const;
const said = ['http', 'tls', 'tcp'] as const;

interface Row {
  readonly port: number;
  /** Protocol of each service on the port, the oldest first; `@`: with its address. */
  readonly services: readonly string[];
  /** Host or SNI, and where the caller connects to. */
  readonly to: 'one' | 'two' | 'stranger';
  /** For http, tls and tcp: who answers, `502`, or `-` for an end without an answer. */
  readonly ALLOW_ANY: readonly [http: string, tls: string, tcp: string];
  readonly REGISTRY_ONLY: readonly [http: string, tls: string, tcp: string];
}

const passes = ['stranger', 'stranger', 'stranger'] as const;
const stopped = ['-', '-', '-'] as const;

const rows: readonly Row[] = [
  // A stranger, on a port that somebody has.
  { port: 80, services: [], to: 'stranger', ALLOW_ANY: passes, REGISTRY_ONLY: ['502', '-', '-'] },
  { port: 443, services: [], to: 'stranger', ALLOW_ANY: passes, REGISTRY_ONLY: stopped },
  { port: 5000, services: [], to: 'stranger', ALLOW_ANY: passes, REGISTRY_ONLY: stopped },
  { port: 5001, services: ['HTTP'], to: 'stranger', ALLOW_ANY: passes, REGISTRY_ONLY: ['502', '-', '-'] },
  { port: 5002, services: ['HTTP @'], to: 'stranger', ALLOW_ANY: passes, REGISTRY_ONLY: ['502', '-', '-'] },
  { port: 5003, services: ['TLS'], to: 'stranger', ALLOW_ANY: passes, REGISTRY_ONLY: stopped },
  { port: 5004, services: ['TLS @'], to: 'stranger', ALLOW_ANY: passes, REGISTRY_ONLY: stopped },
  { port: 5005, services: ['TCP @'], to: 'stranger', ALLOW_ANY: passes, REGISTRY_ONLY: stopped },
  // TCP without an address takes everything on its port, as in Istio.
  {
    port: 5006,
    services: ['TCP'],
    to: 'stranger',
    ALLOW_ANY: ['one', 'one', 'one'],
    REGISTRY_ONLY: ['one', 'one', 'one'],
  },
  {
    port: 5007,
    services: [''],
    to: 'stranger',
    ALLOW_ANY: ['stranger', 'one', 'one'],
    REGISTRY_ONLY: ['502', 'one', 'one'],
  },
  { port: 5008, services: [' @'], to: 'stranger', ALLOW_ANY: passes, REGISTRY_ONLY: ['502', '-', '-'] },
  // Whoever has the port.
  { port: 5001, services: ['HTTP'], to: 'one', ALLOW_ANY: ['one', 'one', 'one'], REGISTRY_ONLY: ['one', '-', '-'] },
  { port: 5003, services: ['TLS'], to: 'one', ALLOW_ANY: ['one', 'one', 'one'], REGISTRY_ONLY: ['-', 'one', '-'] },
  {
    port: 5004,
    services: ['TLS @'],
    to: 'one',
    ALLOW_ANY: ['one', 'one', 'one'],
    REGISTRY_ONLY: ['one', 'one', 'one'],
  },
  { port: 5008, services: [' @'], to: 'one', ALLOW_ANY: ['one', 'one', 'one'], REGISTRY_ONLY: ['one', 'one', 'one'] },
  // Two on one port.
  {
    port: 5010,
    services: ['HTTP', 'HTTP'],
    to: 'two',
    ALLOW_ANY: ['two', 'two', 'two'],
    REGISTRY_ONLY: ['two', '-', '-'],
  },
  {
    port: 5011,
    services: ['HTTP', 'TCP'],
    to: 'one',
    ALLOW_ANY: ['one', 'two', 'two'],
    REGISTRY_ONLY: ['one', 'two', 'two'],
  },
  {
    port: 5011,
    services: ['HTTP', 'TCP'],
    to: 'stranger',
    ALLOW_ANY: ['stranger', 'two', 'two'],
    REGISTRY_ONLY: ['502', 'two', 'two'],
  },
  {
    port: 5012,
    services: ['TCP', 'HTTP'],
    to: 'two',
    ALLOW_ANY: ['two', 'one', 'one'],
    REGISTRY_ONLY: ['two', 'one', 'one'],
  },
  {
    port: 5013,
    services: ['TCP', 'TCP'],
    to: 'two',
    ALLOW_ANY: ['one', 'one', 'one'],
    REGISTRY_ONLY: ['one', 'one', 'one'],
  },
  {
    port: 5014,
    services: ['TCP @', 'TCP @'],
    to: 'two',
    ALLOW_ANY: ['two', 'two', 'two'],
    REGISTRY_ONLY: ['two', 'two', 'two'],
  },
  {
    port: 5015,
    services: ['TLS', 'TCP'],
    to: 'one',
    ALLOW_ANY: ['two', 'one', 'two'],
    REGISTRY_ONLY: ['two', 'one', 'two'],
  },
  // Istio: an SNI that nobody has goes to the TCP service under both policies.
  {
    port: 5015,
    services: ['TLS', 'TCP'],
    to: 'stranger',
    ALLOW_ANY: ['two', 'two', 'two'],
    REGISTRY_ONLY: ['two', '-', 'two'],
  },
  {
    port: 5016,
    services: ['TCP', 'TLS'],
    to: 'two',
    ALLOW_ANY: ['one', 'two', 'one'],
    REGISTRY_ONLY: ['one', 'two', 'one'],
  },
  {
    port: 5017,
    services: ['TLS', 'TLS'],
    to: 'two',
    ALLOW_ANY: ['two', 'two', 'two'],
    REGISTRY_ONLY: ['-', 'two', '-'],
  },
  {
    port: 5018,
    services: ['HTTP', 'TLS'],
    to: 'two',
    ALLOW_ANY: ['two', 'two', 'two'],
    REGISTRY_ONLY: ['502', 'two', '-'],
  },
  {
    port: 5019,
    services: ['', 'HTTP'],
    to: 'two',
    ALLOW_ANY: ['two', 'one', 'one'],
    REGISTRY_ONLY: ['two', 'one', 'one'],
  },
  {
    port: 5020,
    services: ['TCP', ''],
    to: 'two',
    ALLOW_ANY: ['two', 'one', 'one'],
    REGISTRY_ONLY: ['two', 'one', 'one'],
  },
  {
    port: 5021,
    services: ['TCP @', 'HTTP'],
    to: 'two',
    ALLOW_ANY: ['two', 'two', 'two'],
    REGISTRY_ONLY: ['two', '-', '-'],
  },
  {
    port: 5021,
    services: ['TCP @', 'HTTP'],
    to: 'one',
    ALLOW_ANY: ['one', 'one', 'one'],
    REGISTRY_ONLY: ['one', 'one', 'one'],
  },
];

const names = ['one', 'two', 'stranger'] as const;
const hostOf = (name: string, port: number) => `${name}-${port}.example`;

describe('ports that several may have', needs('root', 'iproute2', 'firewall'), () => {
  const scope = suiteScope();
  const addresses = new Map<string, string>();
  let mesh: TestMesh;
  let caller: Workload;

  before(async () => {
    const ports = [...new Set(rows.map(({ port }) => port))];
    for (const [index, name] of names.entries()) {
      const address = outsideAddress(141 + index);
      addresses.set(name, address);
      await startOutsideSniffer(scope, { name, address, ports });
    }
    const resolve = ports.flatMap((port) =>
      names.flatMap((name) => ['--resolve', `${hostOf(name, port)}=${addresses.get(name)}`]),
    );
    mesh = await startMesh(scope, { up: resolve });
    caller = await mesh.workload('caller');
    // One after the other, so that the first is the older.
    const seen = new Set<string>();
    for (const place of [0, 1] as const) {
      const yaml = rows.flatMap(({ port, services }) => {
        const name = names[place];
        const service = services[place];
        if (service === undefined || seen.has(hostOf(name, port))) return [];
        seen.add(hostOf(name, port));
        const [protocol = '', withAddress] = service.split(' ');
        return serviceEntry(
          `${name}-${port}`,
          {
            hosts: [hostOf(name, port)],
            ports: [{ number: port, name: 'port', protocol }],
            ...(withAddress === undefined ? {} : { addresses: [addresses.get(name)] }),
          },
          withoutGivenAddress,
        );
      });
      await mesh.apply(yaml.join(''));
    }
  });

  /** Who answers. */
  async function answer(what: (typeof said)[number], to: Row['to'], port: number): Promise<string> {
    const host = hostOf(to, port);
    switch (what) {
      case 'http': {
        const { status, body } = await ask(caller, host, { port });
        return status === 200 ? (body ?? '').replace(' http', '') : String(status ?? '-');
      }
      case 'tls': {
        const { text = '' } = await caller.perform({ do: 'tls', host, port });
        return /^server: (.*)\r$/im.exec(text)?.[1] ?? '-';
      }
      case 'tcp': {
        const { text = '' } = await caller.perform({ do: 'tcp', host, port, send: 'bytes\n' });
        return text === '' ? '-' : text.replace(' tcp', '');
      }
    }
  }

  for (const mode of modes) {
    describe(mode, () => {
      before(async () => {
        await mesh.apply(outboundPolicy(mode));
        const expected = mode === 'ALLOW_ANY' ? 200 : 502;
        await until(`${mode} is in force`, async () => (await statusOf(caller, hostOf('stranger', 80))) === expected);
      });

      for (const { port, services, to, ...row } of rows) {
        const who = services.map((service) => `'${service}'`).join(' and ') || 'nobody';
        it(`${port} of ${who}: ${to} is asked for`, async () => {
          const found = await Promise.all(said.map((what) => answer(what, to, port)));
          assert.deepEqual(found, row[mode]);
        });
      }
    });
  }
});
