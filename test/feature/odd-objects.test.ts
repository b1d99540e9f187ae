// What validation lets pass, Envoy takes: objects at the bounds of what makes sense, each judged by the live Envoy of a
// sidecar or a gateway. What Envoy would refuse is either named at apply or made into something else.
import 'reflect-metadata';
import assert from 'node:assert/strict';
import { KeyObject, webcrypto } from 'node:crypto';
import { before, describe, it } from 'node:test';
import { X509CertificateGenerator } from '@peculiar/x509';
import { type JudgedMesh, startJudgedMesh } from '../support/judged-mesh.ts';
import { serviceEntry } from '../support/mesh.ts';
import { destinationRule, gateway, outboundPolicy, tlsSecret, virtualService } from '../support/networking.ts';
import { needs } from '../support/requires.ts';
import { suiteScope } from '../support/suite-scope.ts';

const http = { number: 80, name: 'http', protocol: 'HTTP' };
const https = { number: 443, name: 'https', protocol: 'HTTPS' };
const tcp = (number: number) => ({ number, name: 'tcp', protocol: 'TCP' });
const base = serviceEntry('base', { hosts: ['a.test'], ports: [http, https, tcp(5000)] });

type Spec = Readonly<Record<string, unknown>>;

const entry = (spec: Spec) => serviceEntry('x', { hosts: ['x.test'], ...spec });
const policy = (trafficPolicy: Spec) => destinationRule('d', { host: 'a.test', trafficPolicy });
const pool = (connectionPool: Spec) => policy({ connectionPool });
const toSelf = [{ destination: { host: 'a.test' } }];
const rule = (fields: Spec) => virtualService('v', { hosts: ['a.test'], http: [{ route: toSelf, ...fields }] });
const setHeader = (name: string, value: string) => rule({ headers: { request: { set: { [name]: value } } } });
const matching = (uri: Spec) => rule({ match: [{ uri }] });
const longName = `${'a'.repeat(63)}.${'b'.repeat(63)}.${'c'.repeat(63)}.${'d'.repeat(55)}`;
const inRange = (name: string, ports: readonly (typeof http)[]) =>
  serviceEntry(name, { hosts: [`${name}.test`], ports: [...ports], resolution: 'NONE', addresses: ['10.0.0.0/8'] });

/** Accepted by both. */
const taken: Readonly<Record<string, string>> = {
  'the proxy’s own ports': [15_001, 15_006]
    .map((port) => serviceEntry(`own-${port}`, { hosts: ['x.test'], ports: [{ ...http, number: port }] }))
    .join(''),
  'the proxy’s own port, TCP': entry({ ports: [tcp(15_001)] }),
  'the proxy’s own port at an address': entry({ ports: [tcp(15_001)], addresses: ['10.9.9.9'], resolution: 'NONE' }),
  'one address written in two ways': entry({
    ports: [tcp(7000)],
    addresses: ['fd00::1', 'FD00:0::1', 'fd00::1/128'],
    resolution: 'NONE',
  }),
  'one range twice, TCP': inRange('one', [tcp(7000)]) + inRange('two', [tcp(7000)]),
  'one range twice, TLS': inRange('one', [https]) + inRange('two', [https]),
  'ranges within ranges': entry({
    ports: [tcp(7000)],
    addresses: ['10.0.0.0/8', '10.1.2.3', '10.1.0.0/16'],
    resolution: 'NONE',
  }),
  'a name as long as names may be': entry({ hosts: [longName], ports: [http, https] }),
  'a long wildcard': entry({ hosts: [`*.${longName.slice(64)}`], ports: [http], resolution: 'DYNAMIC_DNS' }),
  'wildcards within wildcards': entry({
    hosts: ['*.x.test', '*.y.x.test', 'z.y.x.test'],
    ports: [https],
    resolution: 'NONE',
  }),
  'hosts named as what we add ourselves': entry({ hosts: ['none', 'localhost'] }),
  'an endpoint twice': entry({ resolution: 'STATIC', endpoints: [{ address: '10.0.0.1' }, { address: '10.0.0.1' }] }),
  'endpoints of weight 0': entry({
    resolution: 'STATIC',
    endpoints: [{ address: '10.0.0.1', weight: 0 }, { address: '10.0.0.2' }],
  }),
  'odd localities': entry({
    resolution: 'STATIC',
    endpoints: [
      { address: '10.0.0.1', locality: '/' },
      { address: '10.0.0.2', locality: 'a/b/c/d' },
    ],
  }),
  'the longest path of a socket': entry({
    resolution: 'STATIC',
    endpoints: [{ address: `unix:///${'x'.repeat(106)}` }],
  }),
  'an empty name in a certificate':
    entry({ subjectAltNames: [''], ports: [https] }) +
    destinationRule('d', { host: 'x.test', trafficPolicy: { tls: { mode: 'SIMPLE' } } }),
  'the longest time': pool({
    tcp: { connectTimeout: '1193046h', idleTimeout: '1193046h', tcpKeepalive: { time: '1193046h' } },
  }),
  'the shortest time': pool({
    tcp: { connectTimeout: '1ms', idleTimeout: '1ms', tcpKeepalive: { time: '1ms', interval: '1ms' } },
  }),
  'the largest numbers': pool({
    tcp: { maxConnections: 2_147_483_647 },
    http: { maxConcurrentStreams: 2_147_483_647, h2UpgradePolicy: 'UPGRADE' },
  }),
  'outlier detection for ever': policy({
    outlierDetection: { interval: '1193046h', baseEjectionTime: '1193046h', consecutive5xxErrors: 1 },
  }),
  'a long time-out': rule({ timeout: '1193046h', retries: { attempts: 2, perTryTimeout: '1193046h' } }),
  'the longest header': setHeader('x', 'x'.repeat(16_384)),
  'the longest name of a header': setHeader('x'.repeat(16_384), 'x'),
  'a regular expression of nested groups': matching({ regex: `${'('.repeat(200)}a${')'.repeat(200)}` }),
  'classes, names and flags of RE2': matching({ regex: '(?i)(?P<n>[[:word:]]+\\pL)\\Qa.b\\E\\x41' }),
  'a thousand rules': virtualService('v', {
    hosts: ['a.test'],
    http: Array.from({ length: 1000 }, (_, index) => ({ match: [{ uri: { prefix: `/${index}x` } }], route: toSelf })),
  }),
  'the largest answer': virtualService('v', {
    hosts: ['a.test'],
    http: [{ directResponse: { status: 200, body: { string: 'x'.repeat(1024 * 1024) } } }],
  }),
  'one SNI in several rules':
    virtualService('v', {
      hosts: ['a.test', '*.w.test'],
      tls: ['a.test', 'A.test', '*.w.test', 'x.w.test', '*.w.test'].map((name) => ({
        match: [{ sniHosts: [name] }],
        route: toSelf,
      })),
    }) + entry({ hosts: ['*.w.test', 'x.w.test'], ports: [https], resolution: 'NONE' }),
};

/** Refused by Envoy, had validation not refused it. */
const refused: Readonly<Record<string, string>> = {
  SP0318: entry({ resolution: 'STATIC', endpoints: [{ address: `unix:///${'x'.repeat(107)}` }] }),
  SP0341: entry({
    resolution: 'STATIC',
    endpoints: ['10.0.0.1', '10.0.0.2'].map((address) => ({ address, weight: 4_294_967_295 })),
  }),
  SP0108: pool({ tcp: { connectTimeout: '1193047h' } }),
  SP0712: setHeader('x'.repeat(16_385), 'x'),
  SP0713: setHeader('x', 'x'.repeat(16_385)),
};

describe('what validation lets pass, Envoy takes', needs('root'), () => {
  const scope = suiteScope();
  const meshes = new Map<string, JudgedMesh>();

  before(async () => {
    for (const mode of ['ALLOW_ANY', 'REGISTRY_ONLY'] as const) {
      meshes.set(mode, await startJudgedMesh(scope, outboundPolicy(mode) + base, { labels: { app: 'a' } }));
    }
    meshes.set('gateway', await startJudgedMesh(scope, base, { type: 'router', labels: { app: 'gateway' } }));
  });

  const meshOf = (name: string) => meshes.get(name) ?? assert.fail();
  const judge = (name: string, yaml: string, look?: () => Promise<void>) => meshOf(name).judge(yaml, look);

  for (const [name, yaml] of Object.entries(taken)) {
    it(name, async () => {
      for (const mode of ['ALLOW_ANY', 'REGISTRY_ONLY'])
        assert.deepEqual(await judge(mode, yaml), { stopped: undefined }, mode);
    });
  }

  for (const [code, yaml] of Object.entries(refused)) {
    it(`${code} is named at apply`, async () => {
      const verdict = await judge('ALLOW_ANY', yaml);
      assert.deepEqual(verdict.stopped === 'validation' && verdict.diagnostics.map((found) => found.code), [code]);
    });
  }

  for (const [kind, { algorithm, fit }] of Object.entries({
    'RSA of 1024 bits': { algorithm: rsa(1024), fit: false },
    'RSA of 2048 bits': { algorithm: rsa(2048), fit: true },
    'P-256': { algorithm: curve('P-256'), fit: true },
    'P-384': { algorithm: curve('P-384'), fit: true },
    'P-521': { algorithm: curve('P-521'), fit: true },
    Ed25519: { algorithm: { name: 'Ed25519' }, fit: true },
  })) {
    it(`a certificate with ${kind} is ${fit ? 'taken' : 'not sent'}`, async () => {
      const secret = tlsSecret('cred', await selfSigned(algorithm));
      const client = destinationRule('d', {
        host: 'a.test',
        workloadSelector: { matchLabels: { app: 'a' } },
        trafficPolicy: {
          portLevelSettings: [{ port: { number: 80 }, tls: { mode: 'MUTUAL', credentialName: 'cred' } }],
        },
      });
      const server = gateway('g', {
        selector: { app: 'gateway' },
        servers: [
          {
            port: { number: 8443, name: 'https', protocol: 'HTTPS' },
            hosts: ['a.test'],
            tls: { mode: 'MUTUAL', credentialName: 'cred' },
          },
        ],
      });
      const rules = virtualService('v', { hosts: ['a.test'], gateways: ['g'], http: [{ route: toSelf }] });
      for (const [mesh, yaml] of [
        ['ALLOW_ANY', secret + client],
        ['gateway', secret + server + rules],
      ] as const) {
        let held: readonly string[] = [];
        const verdict = await judge(mesh, yaml, async () => {
          held = await meshOf(mesh).secrets();
        });
        assert.deepEqual(verdict, { stopped: undefined }, mesh);
        assert.equal(held.includes('kubernetes://cred'), fit, `${mesh} has ${held.join(' ')}`);
      }
    });
  }
});

function rsa(modulusLength: number) {
  return { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256', modulusLength, publicExponent: new Uint8Array([1, 0, 1]) };
}

function curve(namedCurve: string) {
  return { name: 'ECDSA', hash: 'SHA-256', namedCurve };
}

async function selfSigned(algorithm: { readonly name: string }) {
  const keys = await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
  if (!('privateKey' in keys)) throw new Error('no pair of keys');
  const certificate = await X509CertificateGenerator.createSelfSigned({
    name: 'CN=x',
    keys,
    signingAlgorithm: algorithm,
  });
  const cert = certificate.toString('pem');
  const key = KeyObject.from(keys.privateKey).export({ type: 'pkcs8', format: 'pem' }).toString();
  return { cert: `${cert}\n`, key, root: `${cert}\n` };
}
