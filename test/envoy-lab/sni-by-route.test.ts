// Which SNI and Host a server sees when a route rewrites the Host, and which name its certificate is held against. The SNI
// by the request (`autoSni`) follows the rewritten Host, and connections are shared among requests of one SNI only.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { HttpProtocol } from '../../src/envoy/http-protocol-options.ts';
import type { UpstreamTlsOptions } from '../../src/envoy/upstream-tls.ts';
import { createTestAuthority } from '../support/certificates.ts';
import type { Scope } from '../support/envoy-process.ts';
import { httpCall } from '../support/http-client.ts';
import { startOutsideHttp } from '../support/outside-server.ts';
import { type Json, virtualHost } from './envoy-json.ts';
import { plainEntry, rootsSecret, startSecretMesh, tlsCluster } from './secret-mesh.ts';

interface Target {
  /** Names in the server's certificate. */
  readonly names: readonly string[];
  readonly tls?: UpstreamTlsOptions;
  readonly http?: Partial<HttpProtocol>;
}

/** A server and a cluster for each target, under its name. */
async function start(t: Scope, targets: Readonly<Record<string, Target>>, virtualHosts: readonly Json[]) {
  const authority = await createTestAuthority();
  const clusters = [];
  const servers = new Map<string, Awaited<ReturnType<typeof startOutsideHttp>>>();
  for (const [name, { names, tls, http }] of Object.entries(targets)) {
    const outside = await startOutsideHttp({ t, tls: await authority.issue({ commonName: name, names }) });
    servers.set(name, outside);
    clusters.push(tlsCluster(name, outside.port, { validationSecret: 'roots', ...tls }, http));
  }
  const secrets = [rootsSecret('roots', authority.root)];
  const { envoy } = await startSecretMesh(t, { clusters, secrets, staticListeners: [plainEntry(virtualHosts)] });
  const port = await envoy.listenerPort('in');
  const seen = (name: string) =>
    (servers.get(name)?.requests.items ?? []).map(({ sni, host, peer }) => ({ sni, host, peer }));
  return { envoy, seen, call: async (host: string) => (await httpCall({ port, host })).status };
}

const byHost = { autoSni: true, autoSanValidation: true };

function rewritten(cluster: string, host: string): Json {
  return { name: cluster, weight: 50, host_rewrite_literal: host };
}

test('weighted clusters that rewrite the Host: each server sees its own name as SNI and Host', async (t) => {
  const weighted = { weighted_clusters: { clusters: [rewritten('a', 'a.test'), rewritten('b', 'b.test')] } };
  const mesh = await start(t, { a: { names: ['a.test'], http: byHost }, b: { names: ['b.test'], http: byHost } }, [
    { name: 'shop', domains: ['shop.test'], routes: [{ match: { prefix: '/' }, route: weighted }] },
  ]);
  for (let request = 0; request < 40; request++) assert.equal(await mesh.call('shop.test'), 200);
  for (const name of ['a', 'b']) {
    const requests = mesh.seen(name);
    assert.ok(requests.length > 0, `${name} got its share`);
    assert.deepEqual([...new Set(requests.map(({ sni, host }) => `${sni} ${host}`))], [`${name}.test ${name}.test`]);
    assert.equal(new Set(requests.map(({ peer }) => peer)).size, 1, 'over one connection');
  }
});

test('two hosts over one cluster: a connection carries requests of one SNI alone', async (t) => {
  const mesh = await start(t, { both: { names: ['a.test', 'b.test'], http: byHost } }, [
    virtualHost('a', ['one.test'], 'both', { host_rewrite_literal: 'a.test' }),
    virtualHost('b', ['two.test'], 'both', { host_rewrite_literal: 'b.test' }),
  ]);
  for (const host of ['one.test', 'two.test', 'one.test', 'two.test']) assert.equal(await mesh.call(host), 200);
  const seen = mesh.seen('both');
  for (const { sni, host } of seen) assert.equal(sni, host);
  assert.equal(new Set(seen.map(({ peer }) => peer)).size, 2);
});

test('the SNI by the request has no port, and names differ by more than case', async (t) => {
  const mesh = await start(t, { a: { names: ['a.test'], http: byHost } }, [virtualHost('a', ['*'], 'a')]);
  for (const host of ['a.test', 'a.test:80', 'A.test']) {
    assert.equal(await mesh.call(host), 200, host);
    assert.equal(mesh.seen('a').at(-1)?.sni, 'a.test');
  }
  assert.equal(await mesh.call('b.test'), 503, 'the certificate is for another name');
});

test('a fixed SNI stays, whatever the Host is; listed names hold the certificate against it', async (t) => {
  const targets = {
    right: { names: ['a.test'], tls: { sni: 'a.test', subjectAltNames: ['a.test'] } },
    wrong: { names: ['b.test'], tls: { sni: 'a.test', subjectAltNames: ['a.test'] } },
  };
  const mesh = await start(t, targets, [
    virtualHost('right', ['shop.test'], 'right'),
    virtualHost('wrong', ['wrong.test'], 'wrong'),
  ]);
  assert.equal(await mesh.call('shop.test'), 200);
  const [request] = mesh.seen('right');
  assert.deepEqual([request?.sni, request?.host], ['a.test', 'shop.test']);
  assert.equal(await mesh.call('wrong.test'), 503);
});

test('autoSanValidation holds the certificate against the Host, even beside a fixed SNI', async (t) => {
  const targets = {
    fixed: { names: ['a.test'], tls: { sni: 'a.test' }, http: { autoSanValidation: true } },
    both: { names: ['a.test'], tls: { sni: 'a.test' }, http: byHost },
  };
  const mesh = await start(t, targets, [
    virtualHost('fixed', ['fixed.test'], 'fixed'),
    virtualHost('both', ['both.test'], 'both'),
  ]);
  assert.deepEqual([await mesh.call('fixed.test'), await mesh.call('both.test')], [503, 503]);
});
