// Which authorities of users are taken, what each of the others is told, and how one takes over from another.
import assert from 'node:assert/strict';
import { renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { type TestContext, test } from 'node:test';
import { hourMs, startIdentity } from './testing/identity.ts';
import { filesIn, type Issuer, keyPem, makeIssuer, p384, pemOf, rsa2048, userFiles } from './testing/user-files.ts';
import { authorityFiles, isFit, judgeAuthority } from './user-authority.ts';
import type { FoundFiles } from './user-authority-source.ts';

const source = { kind: 'secret', name: 'istio-system/cacerts' } as const;
const clock = Date.now;

function judge(texts: Readonly<Record<string, string>>) {
  const judged = judgeAuthority(filesIn(texts), source, Date.now());
  return isFit(judged) ? judged.chain.length : judged.message;
}

async function family(algorithm?: typeof p384 | typeof rsa2048) {
  const root = await makeIssuer({ name: 'root', ...(algorithm && { algorithm }) });
  const middle = await makeIssuer({ name: 'middle', under: root });
  const signer = await makeIssuer({ name: 'signer', under: middle });
  return { root, middle, signer };
}

test('an authority under a root is taken with the certificates between', async () => {
  const { root, middle, signer } = await family();
  assert.equal(judge(userFiles({ signer, roots: [root], chain: [middle] })), 2);
  assert.equal(judge(userFiles({ signer: middle, roots: [root] })), 1);
  assert.equal(judge(userFiles({ signer: middle, roots: [root] }, { [authorityFiles.chain]: undefined })), 1);
  assert.equal(judge(userFiles({ signer: root, roots: [root] })), 0);
  // Of several roots one is enough, and the chain may hold more than the way.
  const other = await makeIssuer({ name: 'other' });
  assert.equal(judge(userFiles({ signer, roots: [other, root], chain: [other, middle, root] })), 2);
  // Of two certificates of one authority the one that leads to the root counts, whichever comes first.
  const crossed = await makeIssuer({ name: 'middle', under: other, keys: middle.keys });
  for (const chain of [
    [crossed, middle],
    [middle, crossed],
  ]) {
    assert.equal(judge(userFiles({ signer, roots: [root], chain })), 2);
  }
});

test('each that is unfit is told what is wrong, and no more', async () => {
  const { root, middle, signer } = await family();
  const good = { signer, roots: [root], chain: [middle] };
  const other = await makeIssuer({ name: 'other' });
  const workload = await makeIssuer({ name: 'workload', under: root, isAuthority: false });
  const past = { notBefore: Date.now() - 48 * hourMs, notAfter: Date.now() - hourMs };
  const ended = await makeIssuer({ name: 'ended', under: root, ...past });
  const endedRoot = await makeIssuer({ name: 'ended root', ...past });
  const early = await makeIssuer({ name: 'early', under: root, notBefore: Date.now() + hourMs });
  const earlyRoot = await makeIssuer({ name: 'early root', notBefore: Date.now() + hourMs });
  const underWorkload = await makeIssuer({ name: 'under a workload', under: workload });
  const cases: readonly (readonly [Readonly<Record<string, string>>, RegExp])[] = [
    [userFiles(good, { 'ca-cert.pem': undefined }), /^ca-cert.pem is missing/],
    [userFiles(good, { 'ca-key.pem': undefined }), /^ca-key.pem is missing/],
    [userFiles(good, { 'root-cert.pem': undefined }), /^root-cert.pem is missing/],
    [userFiles(good, { 'ca-key.pem': keyPem(other) }), /^ca-key.pem is not the key of ca-cert.pem/],
    [userFiles(good, { 'ca-key.pem': 'x' }), /^ca-key.pem is no private key/],
    [userFiles(good, { 'ca-cert.pem': 'x' }), /^ca-cert.pem has no certificate/],
    [userFiles(good, { 'root-cert.pem': pemOf(root).replaceAll('M', 'A') }), /^root-cert.pem cannot be read/],
    [userFiles(good, { 'cert-chain.pem': pemOf(signer) }), /^ca-cert.pem does not lead to a root/],
    [userFiles(good, { 'root-cert.pem': pemOf(other) }), /^ca-cert.pem does not lead to a root/],
    [userFiles({ signer: workload, roots: [root] }), /^ca-cert.pem is no authority/],
    [userFiles({ signer: ended, roots: [root] }), /^ca-cert.pem ended on/],
    [userFiles({ signer: early, roots: [root] }), /^ca-cert.pem is not valid before/],
    [
      userFiles({ signer: await makeIssuer({ name: 'x', under: endedRoot }), roots: [endedRoot] }),
      /^root-cert.pem has ended/,
    ],
    // Another root that is valid does not help what the one that has ended signed.
    [
      userFiles({ signer: await makeIssuer({ name: 'x', under: endedRoot }), roots: [endedRoot, other] }),
      /^root-cert.pem has ended/,
    ],
    [
      userFiles({ signer: await makeIssuer({ name: 'x', under: earlyRoot }), roots: [earlyRoot, other] }),
      /^root-cert.pem is not valid before/,
    ],
    [
      userFiles({ signer: underWorkload, roots: [root], chain: [workload] }),
      /^cert-chain.pem leads over .* no authority/,
    ],
  ];
  for (const [texts, message] of cases) assert.match(String(judge(texts)), message);
});

test('keys of other kinds sign too', async () => {
  for (const algorithm of [p384, rsa2048]) {
    const root = await makeIssuer({ name: 'root', algorithm });
    assert.equal(judge(userFiles({ signer: root, roots: [root] })), 0);
  }
});

function found(signer: Issuer, ...roots: readonly Issuer[]): FoundFiles {
  return { source, files: filesIn(userFiles({ signer, roots })) };
}

async function started(t: TestContext) {
  const root = await makeIssuer({ name: 'first' });
  const signer = await makeIssuer({ name: 'signer', under: root });
  const mesh = startIdentity(t, { userAuthority: found(signer, root), startAt: clock() });
  const web = mesh.proxy('web');
  web.connect();
  const rootNames = () => web.roots.map(({ subject }) => subject);
  return { ...mesh, web, root, signer, rootNames, identity: () => mesh.identity };
}

test("a mesh that begins with the user's authority has no root of its own", async (t) => {
  const { web, rootNames, identity } = await started(t);
  assert.deepEqual(rootNames(), ['CN=first']);
  assert.equal(web.certificate?.issuer, 'CN=signer');
  const { source: from, issuer, rotation, problem } = identity().status();
  assert.deepEqual(
    [from, issuer.subject, rotation, problem],
    ['Secret/istio-system/cacerts', 'CN=signer', undefined, undefined],
  );
  assert.throws(() => identity().rotate(), { code: 'SP_CONFLICT', message: /is yours/ });
});

test('another root in its place is a rotation; another signer under the same root is taken at once', async (t) => {
  const { web, root, rootNames, identity, pass } = await started(t);
  identity().setUserAuthority(found(await makeIssuer({ name: 'sibling', under: root }), root));
  pass(100);
  assert.equal(web.certificate?.issuer, 'CN=sibling');
  const other = await makeIssuer({ name: 'second' });
  identity().setUserAuthority(found(other, other));
  pass(100);
  assert.deepEqual(rootNames(), ['CN=first', 'CN=second']);
  assert.equal(web.certificate?.issuer, 'CN=sibling');
  pass(5000);
  assert.equal(web.certificate?.issuer, 'CN=second');
  assert.deepEqual(rootNames(), ['CN=second']);
});

test('one that is unfit, or gone, leaves the last good one, and is told', async (t) => {
  const { web, root, rootNames, identity, pass } = await started(t);
  const expected = web.certificate?.serialNumber;
  identity().setUserAuthority({ source, files: filesIn({ 'ca-cert.pem': pemOf(root) }) });
  pass(20_000);
  assert.deepEqual(identity().status().problem?.message, 'ca-key.pem is missing');
  identity().setUserAuthority(undefined);
  pass(20_000);
  assert.equal(web.certificate?.serialNumber, expected);
  assert.deepEqual(rootNames(), ['CN=first']);
  assert.equal(identity().status().problem, undefined);
  identity().rotate();
  pass(5000);
  assert.equal(identity().status().source, 'own');
});

test('beside one that was unfit from the start our own root can be replaced', async (t) => {
  const root = await makeIssuer({ name: 'root' });
  const unfit = { source, files: filesIn({ 'ca-cert.pem': pemOf(root) }) };
  const mesh = startIdentity(t, { userAuthority: unfit, startAt: clock() });
  const web = mesh.proxy('web');
  web.connect();
  const [before] = web.roots;
  mesh.identity.rotate();
  mesh.pass(5000);
  assert.equal(web.roots.length, 1);
  assert.notEqual(web.roots[0]?.fingerprint256, before?.fingerprint256);
  mesh.identity.setUserAuthority(found(root, root));
  mesh.pass(5000);
  assert.equal(web.certificate?.issuer, 'CN=root');
  assert.throws(() => mesh.identity.rotate(), { code: 'SP_CONFLICT', message: /is yours/ });
});

test('an authority that ends gives out no certificate beyond its end, and none after it', async (t) => {
  const root = await makeIssuer({ name: 'short', notAfter: clock() + 2 * hourMs });
  const mesh = startIdentity(t, { userAuthority: found(root, root), startAt: clock() });
  const web = mesh.proxy('web');
  web.connect();
  assert.equal(Date.parse(web.certificate?.validTo ?? ''), root.certificate.notAfter.getTime());
  mesh.pass(2 * hourMs + 1000);
  assert.equal(web.certificate, undefined);
  assert.match(mesh.identity.status().problem?.message ?? '', /^root-cert.pem has ended|^ca-cert.pem ended on/);
});

test('a root that signs nothing lengthens no certificate', async (t) => {
  const short = await makeIssuer({ name: 'short', notAfter: clock() + 2 * hourMs });
  const other = await makeIssuer({ name: 'other' });
  const signer = await makeIssuer({ name: 'signer', under: short });
  const mesh = startIdentity(t, { userAuthority: found(signer, other, short), startAt: clock() });
  const web = mesh.proxy('web');
  web.connect();
  assert.equal(Date.parse(web.certificate?.validTo ?? ''), short.certificate.notAfter.getTime());
});

test('where the authority cannot be written certificates are renewed by the last one, until it can', async (t) => {
  const root = await makeIssuer({ name: 'root' });
  const mesh = startIdentity(t, { startAt: clock(), lifeMs: 60_000 });
  const web = mesh.proxy('web');
  web.connect();
  const { issuer, updates } = { issuer: web.certificate?.issuer, updates: web.updates };
  const folder = dirname(mesh.file);
  renameSync(folder, `${folder}-away`);
  writeFileSync(folder, 'no folder');
  mesh.identity.setUserAuthority(found(root, root));
  mesh.pass(3 * 60_000);
  assert.equal(web.certificate?.issuer, issuer);
  assert.ok(web.updates > updates + 3, `${web.updates} updates`);
  rmSync(folder);
  renameSync(`${folder}-away`, folder);
  mesh.pass(30_000);
  assert.equal(web.certificate?.issuer, 'CN=root');
});
