import assert from 'node:assert/strict';
import { test } from 'node:test';
import { assertResult, startMeshForCli } from '../../../test/support/run-sallyport.ts';
import type { AuthorityStatus } from '../../identity/authority-status.ts';
import { SallyportError } from '../../platform/errors.ts';

function certificate(name: string) {
  const [notBefore, notAfter] = ['2025-12-31T00:00:00.000Z', '2035-12-29T00:00:00.000Z'];
  return { subject: `CN=${name}`, fingerprint: 'AB:CD:EF:01:23:45:67:89:00', notBefore, notAfter, certificate: 'PEM' };
}

const own: AuthorityStatus = {
  source: 'own',
  trustDomain: 'cluster.local',
  issuer: certificate('root'),
  roots: [{ ...certificate('root'), role: 'active' }],
  certificateLifeSeconds: 86_400,
  certificates: 3,
};

test('ca shows who signs and what is trusted', async (t) => {
  const { run } = await startMeshForCli(t, { authority: { status: () => own, rotate: () => own } });
  const lines = [
    'authority: own',
    'trust domain: cluster.local',
    'certificates: 3, each good for 24h',
    'rotation: none under way',
    '',
    'CERTIFICATE    SUBJECT   VALID UNTIL                SHA-256',
    'root, active   CN=root   2035-12-29T00:00:00.000Z   abcdef0123456789',
  ];
  assertResult(await run('ca'), 0, `${lines.join('\n')}\n`);
  assert.deepEqual(JSON.parse((await run('ca -o json')).stdout), own);
});

test('ca rotate begins a rotation and shows how far it is, and why one cannot', async (t) => {
  const rotation = { phase: 'trusting', waitingFor: ['shop/web-1'] } as const;
  const next = { ...certificate('next'), fingerprint: 'FF:00', role: 'next' } as const;
  const signer = { ...certificate('signer'), fingerprint: '11:22' };
  let asked = 0;
  const rotate = () => {
    asked += 1;
    if (asked > 1) throw new SallyportError('SP_CONFLICT', 'a rotation of the root is under way', { hint: 'wait' });
    return { ...own, issuer: signer, roots: [...own.roots, next], rotation };
  };
  const problem = { source: 'Secret/istio-system/cacerts', message: 'ca-key.pem is missing', hint: 'give it' };
  const { run } = await startMeshForCli(t, { authority: { status: () => ({ ...own, problem }), rotate } });
  const { stdout } = await run('ca rotate');
  assert.match(stdout, /^rotation: proxies are given the new root; waiting for shop\/web-1$/m);
  assert.match(stdout, /^issuer +CN=signer .*\nroot, active +CN=root .*\nroot, next +CN=next .* ff00$/m);
  assertResult(await run('ca rotate'), 1, '', 'error: a rotation of the root is under way\nwait\n');
  assertResult(await run('ca'), 0, /^problem: Secret\/istio-system\/cacerts: ca-key\.pem is missing; give it$/m);
});

test('with proxy capture there is none, and the reason is told', async (t) => {
  const { run } = await startMeshForCli(t);
  assertResult(await run('ca'), 1, '', /^error: certificate authority not found\nwith proxy capture /);
});
