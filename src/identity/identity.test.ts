// What proxies are served of their identity over time, with a clock of the test's own: certificates, their renewal, and the
// change of the root.
import assert from 'node:assert/strict';
import { createPrivateKey } from 'node:crypto';
import { statSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { test } from 'node:test';
import { hourMs, startIdentity, type TestProxy } from './testing/identity.ts';

const minuteMs = 60_000;

function isTrustedBy({ certificate }: TestProxy, other: TestProxy): boolean {
  return certificate !== undefined && other.roots.some((root) => certificate.verify(root.publicKey));
}

test('a proxy gets a certificate for its identity, with a key of its own, signed by the root', (t) => {
  const { proxy } = startIdentity(t);
  const [web, other] = [proxy('web'), proxy('other')];
  web.connect();
  other.connect();
  const { certificate, key = '' } = web;
  assert.equal(certificate?.subjectAltName, 'URI:spiffe://cluster.local/ns/shop/sa/web');
  assert.equal(certificate?.checkPrivateKey(createPrivateKey(key)), true);
  assert.notEqual(key, other.key);
  assert.equal(web.roots.length, 1);
  assert.ok(isTrustedBy(web, other));
  assert.equal(Date.parse(certificate.validFrom), Date.parse('2025-12-31T23:59:00Z'));
  assert.equal(Date.parse(certificate.validTo), Date.parse('2026-01-02T00:00:00Z'));
});

test('a proxy that never asks costs no certificate', (t) => {
  const { proxy, identity } = startIdentity(t);
  const quiet = proxy('quiet');
  assert.equal(quiet.certificate, undefined);
  assert.deepEqual(
    [...identity.workloads()].map(({ certificate }) => certificate),
    [undefined],
  );
});

test('the key of the authority is for its user alone, and a restart goes on with it', (t) => {
  const mesh = startIdentity(t);
  const web = mesh.proxy('web');
  web.connect();
  const [root] = web.roots;
  assert.equal(statSync(mesh.file).mode & 0o777, 0o600);
  assert.equal(statSync(dirname(mesh.file)).mode & 0o777, 0o700);
  mesh.restart();
  const again = mesh.proxy('web');
  again.connect();
  assert.deepEqual(
    again.roots.map(({ fingerprint256 }) => fingerprint256),
    [root?.fingerprint256],
  );
  assert.ok(isTrustedBy(again, web));
});

test('an authority that cannot be read is not replaced by another', (t) => {
  const mesh = startIdentity(t);
  writeFileSync(mesh.file, '{"version":1}');
  assert.throws(() => mesh.restart(), { code: 'SP_CA_FILE' });
});

test('a certificate is renewed before and about half its life, one push each, with another key', (t) => {
  const mesh = startIdentity(t);
  const web = mesh.proxy('web');
  web.connect();
  const { key, updates } = web;
  mesh.pass(9 * hourMs);
  assert.equal(web.updates, updates);
  mesh.pass(3 * hourMs);
  assert.equal(web.updates, updates + 1);
  assert.notEqual(web.key, key);
});

test('ten renewals: what is served is valid at every moment', (t) => {
  const mesh = startIdentity(t, { lifeMs: 10_000 });
  const web = mesh.proxy('web');
  web.connect();
  const serials = new Set<string>();
  let now = Date.parse('2026-01-01T00:00:00Z');
  while (serials.size < 11) {
    const { certificate } = web;
    assert.ok(now < Date.parse('2026-01-01T00:02:00Z'), `${serials.size} certificates in two minutes`);
    assert.ok(certificate !== undefined && Date.parse(certificate.validTo) > now, `not valid at ${now}`);
    serials.add(certificate.serialNumber);
    mesh.pass(200);
    now += 200;
  }
});

test('who comes back late gets a certificate that is valid', (t) => {
  const mesh = startIdentity(t);
  const web = mesh.proxy('web');
  web.connect();
  web.disconnect();
  mesh.pass(30 * hourMs);
  web.connect();
  assert.ok(Date.parse(web.certificate?.validTo ?? '') > Date.parse('2026-01-02T06:00:00Z'));
});

test('a clock that jumps renews each certificate once, forward and back', (t) => {
  const mesh = startIdentity(t);
  const proxies = Array.from({ length: 20 }, (_, number) => mesh.proxy(`web-${number}`));
  for (const one of proxies) one.connect();
  for (const jump of [40 * hourMs, -50 * hourMs, hourMs / 60]) {
    const before = proxies.map(({ updates }) => updates);
    mesh.jump(jump);
    mesh.pass(minuteMs);
    const more = Math.abs(jump) > hourMs ? 1 : 0;
    assert.deepEqual(
      proxies.map(({ updates }) => updates),
      before.map((updates) => updates + more),
    );
  }
});

test('another trust domain is another certificate at once', (t) => {
  const mesh = startIdentity(t);
  const web = mesh.proxy('web');
  web.connect();
  mesh.identity.setTrustDomain('example.org');
  mesh.pass(100);
  assert.equal(web.certificate?.subjectAltName, 'URI:spiffe://example.org/ns/shop/sa/web');
});

test('a new root: everyone trusts it before anyone shows a certificate of it, and the old goes last', (t) => {
  const mesh = startIdentity(t);
  const proxies = [mesh.proxy('one'), mesh.proxy('two'), mesh.proxy('three')];
  for (const one of proxies) one.connect();
  const old = proxies[0]?.roots[0]?.fingerprint256;
  mesh.identity.rotate();
  let most = 1;
  for (let step = 0; step < 100; step++) {
    mesh.pass(100);
    for (const one of proxies) {
      most = Math.max(most, one.roots.length);
      for (const other of proxies) assert.ok(isTrustedBy(one, other));
    }
  }
  assert.equal(most, 2);
  for (const { roots } of proxies) {
    assert.equal(roots.length, 1);
    assert.notEqual(roots[0]?.fingerprint256, old);
  }
  const { next, retired } = mesh.identity.trust();
  assert.deepEqual([next, retired], [undefined, undefined]);
});

test('a new root waits for a proxy that does not answer, but not for ever', (t) => {
  const mesh = startIdentity(t);
  const [good, slow] = [mesh.proxy('good'), mesh.proxy('slow')];
  good.connect();
  slow.connect();
  const { issuer } = good.certificate ?? {};
  slow.stall();
  mesh.identity.rotate();
  mesh.pass(29_000);
  assert.equal(good.certificate?.issuer, issuer);
  assert.equal(good.roots.length, 2);
  mesh.pass(3000);
  assert.notEqual(good.certificate?.issuer, issuer);
  mesh.pass(10 * minuteMs);
  assert.equal(good.roots.length, 2, 'the slow one still shows its old certificate');
  slow.connect();
  mesh.pass(5000);
  assert.equal(good.roots.length, 1);
});

test('the old root stays until the certificates of those who are away have ended', (t) => {
  const mesh = startIdentity(t);
  const [here, away] = [mesh.proxy('here'), mesh.proxy('away')];
  here.connect();
  away.connect();
  away.disconnect();
  mesh.identity.rotate();
  mesh.pass(23 * hourMs);
  assert.equal(here.roots.length, 2);
  assert.ok(isTrustedBy(away, here));
  mesh.pass(2 * hourMs);
  assert.equal(here.roots.length, 1);
});

test('a proxy that is removed is not waited for', (t) => {
  const mesh = startIdentity(t);
  const [here, gone] = [mesh.proxy('here'), mesh.proxy('gone')];
  here.connect();
  gone.connect();
  gone.stall();
  mesh.identity.rotate();
  mesh.pass(2000);
  assert.equal(here.roots.length, 2);
  gone.remove();
  mesh.pass(5000);
  assert.equal(here.roots.length, 1);
});

test('a restart goes on with a rotation where it was', (t) => {
  const mesh = startIdentity(t);
  const web = mesh.proxy('web');
  web.connect();
  web.stall();
  mesh.identity.rotate();
  const next = mesh.identity.trust().next?.certificate.fingerprint256;
  assert.ok(next !== undefined);
  mesh.restart();
  assert.equal(mesh.identity.trust().next?.certificate.fingerprint256, next);
  mesh.pass(40_000);
  assert.equal(mesh.identity.trust().next?.certificate.fingerprint256, next, 'its proxies are not served yet');
  const again = mesh.proxy('web');
  mesh.identity.begin();
  again.connect();
  assert.equal(again.roots.length, 2);
  mesh.pass(1500);
  assert.equal(mesh.identity.trust().issuer.certificate.fingerprint256, next);
  mesh.restart();
  mesh.pass(5000);
  assert.notEqual(mesh.identity.trust().retired, undefined);
  mesh.identity.begin();
  // Nobody is here who could say that the old root is not needed.
  const back = mesh.proxy('web');
  mesh.pass(5000);
  assert.notEqual(mesh.identity.trust().retired, undefined);
  back.connect();
  mesh.pass(2000);
  assert.equal(mesh.identity.trust().retired, undefined);
});

test('one rotation at a time', (t) => {
  const mesh = startIdentity(t);
  const web = mesh.proxy('web');
  web.connect();
  mesh.identity.rotate();
  assert.throws(() => mesh.identity.rotate(), { code: 'SP_CONFLICT' });
  mesh.pass(10_000);
  mesh.identity.rotate();
});

test('a root of our own is replaced before it ends', (t) => {
  const mesh = startIdentity(t);
  const web = mesh.proxy('web');
  web.connect();
  const [root] = web.roots;
  mesh.jump(9.5 * 365 * 24 * hourMs);
  mesh.pass(30_000);
  assert.equal(web.roots.length, 1);
  assert.notEqual(web.roots[0]?.fingerprint256, root?.fingerprint256);
  assert.ok(isTrustedBy(web, web));
});
