// TLS that proxies begin for callers that ask in the clear, as the servers outside see it, in both captures (contract lines
// 4 and 23; istio-semantics 4.3): who is asked, who is believed, and that a server who is not gets no byte of the request.
import assert from 'node:assert/strict';
import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { before, describe, it } from 'node:test';
import { overTls, statusOf } from '../support/calls.ts';
import { createTestAuthority, type TestAuthority } from '../support/certificates.ts';
import { type ServicePort, serviceEntry, startMesh, type TestMesh, type Workload } from '../support/mesh.ts';
import { destinationRule, tlsSecret } from '../support/networking.ts';
import { outsideAddress } from '../support/outside-world.ts';
import { type RecordedTls, startRecordedTls } from '../support/recorded-tls.ts';
import { needs } from '../support/requires.ts';
import { suiteScope } from '../support/suite-scope.ts';
import type { Certificate } from '../support/tls-fixtures.ts';
import { until } from '../support/until.ts';

const http: ServicePort = { number: 80, name: 'http', protocol: 'HTTP', targetPort: 443 };
const https: ServicePort = { number: 443, name: 'https', protocol: 'HTTPS' };

/** Each server outside has an address of its own. */
const places = {
  plain: { address: 131, names: ['plain.test'] },
  good: { address: 132, names: ['good.test', 'fronted.test'] },
  wild: { address: 133, names: ['a.wild.test', 'b.wild.test', 'deep.a.wild.test'] },
  expired: { address: 134, names: ['expired.test'] },
  stranger: { address: 135, names: ['stranger.test', 'filed.test', 'extra.test', 'revoked.test'] },
  misnamed: { address: 136, names: ['misnamed.test', 'unverified.test'] },
  mutual: { address: 137, names: ['mutual.test', 'keyless.test', 'late.test'] },
} as const;
type Place = keyof typeof places;

describe('TLS origination', needs('root', 'iproute2', 'firewall'), () => {
  const scope = suiteScope();
  const servers = new Map<Place, RecordedTls>();
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-tls-'));
  const extraRoots = join(folder, 'extra.pem');
  let authority: TestAuthority;
  let strangers: TestAuthority;
  /** What the strangers' server shows. */
  let shown: Certificate;

  before(async () => {
    scope.after(() => rmSync(folder, { recursive: true, force: true }));
    authority = await createTestAuthority();
    strangers = await createTestAuthority('strangers');
    shown = await strangers.issue({ commonName: 'stranger.test', names: [...places.stranger.names] });
    const issued = {
      plain: await authority.issue({ commonName: 'plain.test' }),
      good: await authority.issue({ commonName: 'good.test', names: ['good.test', 'front.test'] }),
      wild: await authority.issue({ commonName: '*.wild.test' }),
      expired: await authority.issue({ commonName: 'expired.test', expired: true }),
      stranger: shown,
      misnamed: await authority.issue({ commonName: 'elsewhere.test' }),
      mutual: await authority.issue({ commonName: 'mutual.test', names: [...places.mutual.names] }),
    } satisfies Record<Place, unknown>;
    for (const [name, { address }] of Object.entries(places) as [Place, (typeof places)[Place]][]) {
      const asksForCertificate = { requestCert: true, rejectUnauthorized: true, ca: authority.root };
      const tls = { ...issued[name], ...(name === 'mutual' ? asksForCertificate : {}) };
      servers.set(name, await startRecordedTls({ t: scope, address: outsideAddress(address), tls }));
    }
  });

  function server(place: Place): RecordedTls {
    const found = servers.get(place);
    if (found === undefined) throw new Error(place);
    return found;
  }

  for (const capture of ['redirect', 'proxy'] as const) {
    describe(`with ${capture} capture`, () => {
      const meshScope = suiteScope();
      let mesh: TestMesh;
      let caller: Workload;

      before(async () => {
        writeFileSync(extraRoots, authority.root);
        const rules = Object.values(places).flatMap(({ address, names }) =>
          names.flatMap((name) => ['--resolve', `${name}=198.51.100.${address}`]),
        );
        mesh = await startMesh(meshScope, {
          up: ['--capture', capture, ...rules],
          env: { SALLYPORT_EXTRA_CA_FILE: extraRoots },
        });
        caller = await mesh.workload('caller', { args: ['--label', 'app=caller'] });
      });

      /** Port 80 of the host leads to its port 443, and the proxy speaks like this to it. */
      async function originate(
        host: string,
        tls: Readonly<Record<string, unknown>>,
        { entry = {}, rule = {} }: { readonly entry?: object; readonly rule?: object } = {},
      ): Promise<void> {
        const name = host.replace('*', 'all').replaceAll('.', '-');
        await mesh.apply(
          serviceEntry(name, { hosts: [host], ports: [http, https], ...entry }) +
            destinationRule(name, {
              host,
              trafficPolicy: { portLevelSettings: [{ port: { number: 80 }, tls }] },
              ...rule,
            }),
        );
      }

      async function answers(host: string, status: number): Promise<void> {
        await until(`${host} answers with ${status}`, async () => (await statusOf(caller, host)) === status);
      }

      /** The server was asked, shook hands, and learned nothing. */
      async function refuses(host: string, place: Place): Promise<void> {
        const { connections, requests, inTheClear } = server(place);
        await until(`${host} is refused`, async () => {
          const before = [connections(), requests.items.length] as const;
          const status = await statusOf(caller, host);
          return status === 503 && connections() > before[0] && requests.items.length === before[1];
        });
        assert.deepEqual(inTheClear(), []);
      }

      it('sends a request as it came where no rule asks for TLS', async () => {
        const before = server('plain').inTheClear().length;
        await mesh.apply(serviceEntry('plain-test', { hosts: ['plain.test'], ports: [http] }));
        await until('the server is asked', async () => {
          await statusOf(caller, 'plain.test');
          return server('plain').inTheClear().length > before;
        });
        assert.match(server('plain').inTheClear().at(-1) ?? '', /^GET \/ HTTP\/1\.1\r\nhost: plain\.test\r\n/i);
      });

      it('asks by the destination’s own name, and leaves TLS alone that the caller began', async () => {
        await originate('good.test', { mode: 'SIMPLE' });
        await answers('good.test', 200);
        const { sni, host, client } = server('good').requests.items.at(-1) ?? {};
        assert.deepEqual([sni, host, client], ['good.test', 'good.test', undefined]);
        assert.equal(await overTls(caller, 'good.test'), 'HTTP/1.1 200 OK');
        assert.deepEqual(server('good').inTheClear(), []);
      });

      it('sends nothing to a server whose certificate is expired, a stranger’s, or another’s', async () => {
        for (const place of ['expired', 'stranger', 'misnamed'] as const) {
          const host = `${place}.test`;
          await originate(host, { mode: 'SIMPLE' });
          await refuses(host, place);
        }
        await until('the log tells why', async () => {
          const lines = (await mesh.run('logs', 'caller', '-c', 'istio-proxy')).split('\n');
          const failed = lines.filter((line) => / 503 \S*UF.*CERTIFICATE_VERIFY_FAILED/.test(line)).join('\n');
          return ['expired.test', 'stranger.test', 'misnamed.test'].every((host) => failed.includes(`"${host}"`));
        });
      });

      it('asks no questions where it is told so', async () => {
        for (const place of ['expired', 'stranger', 'misnamed'] as const) {
          await originate(`${place}.test`, { mode: 'SIMPLE', insecureSkipVerify: true });
          await answers(`${place}.test`, 200);
          assert.equal(server(place).requests.items.at(-1)?.sni, `${place}.test`);
        }
      });

      it('believes the names that the ServiceEntry lists, and rather those of the rule', async () => {
        const host = 'unverified.test';
        await originate(host, { mode: 'SIMPLE' }, { entry: { subjectAltNames: ['elsewhere.test'] } });
        await answers(host, 200);
        await originate(
          host,
          { mode: 'SIMPLE', subjectAltNames: ['nowhere.test'] },
          { entry: { subjectAltNames: ['elsewhere.test'] } },
        );
        await refuses(host, 'misnamed');
        await originate(host, { mode: 'SIMPLE', subjectAltNames: ['nowhere.test', 'elsewhere.test'] });
        await answers(host, 200);
        assert.equal(server('misnamed').requests.items.at(-1)?.sni, host);
      });

      it('names another server in the handshake where it is told so, and holds the certificate against that name', async () => {
        const host = 'fronted.test';
        await originate(host, { mode: 'SIMPLE', sni: 'front.test' });
        await answers(host, 200);
        const seen = server('good').requests.items.at(-1);
        assert.deepEqual([seen?.sni, seen?.host], ['front.test', host]);
        await originate(host, { mode: 'SIMPLE', sni: 'elsewhere.test' });
        await refuses(host, 'good');
      });

      it('follows the Host below a wildcard, in the handshake and in what it believes', async () => {
        await originate('*.wild.test', { mode: 'SIMPLE' }, { entry: { resolution: 'DYNAMIC_DNS', ports: [http] } });
        for (const host of ['a.wild.test', 'b.wild.test']) {
          await answers(host, 200);
          const seen = server('wild').requests.items.at(-1);
          assert.deepEqual([seen?.sni, seen?.host], [host, host]);
        }
        await refuses('deep.a.wild.test', 'wild');
      });

      it('trusts the roots of a file, follows the file, and keeps the last good ones', async () => {
        const file = join(folder, `${capture}.pem`);
        const replaceWith = (content: string) => {
          writeFileSync(`${file}.new`, content);
          renameSync(`${file}.new`, file);
        };
        replaceWith(authority.root);
        await originate('filed.test', { mode: 'SIMPLE', caCertificates: file });
        await refuses('filed.test', 'stranger');
        replaceWith(strangers.root);
        await answers('filed.test', 200);
        replaceWith('no certificate');
        const end = performance.now() + 1500;
        while (performance.now() < end) assert.equal(await statusOf(caller, 'filed.test'), 200);
        replaceWith(authority.root);
        await refuses('filed.test', 'stranger');
      });

      it('sends nothing to a server whose certificate was revoked, nor while the list of those is missing', async () => {
        const caCertificates = join(folder, `${capture}-strangers.pem`);
        const caCrl = join(folder, `${capture}-crl.pem`);
        const list = (content: string) => {
          writeFileSync(`${caCrl}.new`, content);
          renameSync(`${caCrl}.new`, caCrl);
        };
        writeFileSync(caCertificates, strangers.root);
        await originate('revoked.test', { mode: 'SIMPLE', caCertificates, caCrl });
        await answers('revoked.test', 503);
        list(await strangers.revoke());
        await answers('revoked.test', 200);
        list(await strangers.revoke(shown));
        await refuses('revoked.test', 'stranger');
      });

      it('follows the file of extra roots', async () => {
        await originate('extra.test', { mode: 'SIMPLE' });
        await refuses('extra.test', 'stranger');
        writeFileSync(extraRoots, `${authority.root}\n${strangers.root}`);
        await answers('extra.test', 200);
        assert.equal(await statusOf(caller, 'good.test'), 200);
      });

      it('sends nothing with a key that is not for this workload, nor in the clear', async () => {
        const client = await authority.issue({ commonName: 'client' });
        await mesh.apply(tlsSecret('client', { ...client, root: authority.root }));
        await originate('keyless.test', { mode: 'MUTUAL', credentialName: 'client' });
        const before = server('mutual').requests.items.length;
        await until('the rule holds', async () =>
          /keyless/.test(await mesh.run('proxy-config', 'clusters', 'caller', '-o', 'json')),
        );
        await answers('keyless.test', 503);
        assert.equal(server('mutual').requests.items.length, before);
        assert.deepEqual(server('mutual').inTheClear(), []);
      });

      it('waits for a secret, sends nothing before, and shows the certificate', async () => {
        const rule = { workloadSelector: { matchLabels: { app: 'caller' } } };
        await originate('late.test', { mode: 'MUTUAL', credentialName: 'late' }, { rule });
        await answers('late.test', 503);
        const client = await authority.issue({ commonName: 'late client' });
        await mesh.apply(tlsSecret('late', { ...client, root: authority.root }));
        if (capture === 'redirect') {
          await answers('late.test', 200);
          assert.equal(server('mutual').requests.items.at(-1)?.client, 'late client');
        } else {
          // Programs share a user with their proxies there, so no proxy is given a key.
          assert.match(await mesh.run('get', 'secret', 'late'), /late/);
          assert.equal(await statusOf(caller, 'late.test'), 503);
        }
        assert.deepEqual(server('mutual').inTheClear(), []);
      });
    });
  }
});
