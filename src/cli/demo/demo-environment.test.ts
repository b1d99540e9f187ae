// What programs of a demo find: its commands on the PATH, in front of their own, and the authority of its internet.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { test } from 'node:test';
import { finished } from '../../../test/support/run-sallyport.ts';
import { demoAuthority, demoEnvironment } from './demo-environment.ts';

const demo = { namespace: 'backyards-demo', address: '192.0.2.1', pki: '/data/pki' };

test('a command of the demo runs by its name, under the Node that runs the mesh', async () => {
  const env = demoEnvironment(demo, { PATH: '/usr/bin:/bin', TARGET: 'http://127.0.0.1:1/' });
  const said = await finished(spawn('traffic', ['1'], { env, stdio: ['ignore', 'pipe', 'pipe'] }));
  assert.deepEqual([said.code, said.stdout.replace(/^\S+ /, '')], [0, 'connection refused\n'], said.stderr);
});

test('programs trust the simulated internet, and keep what they had', () => {
  assert.equal(demoAuthority(demo), '/data/pki/ca.pem');
  const { SSL_CERT_FILE, CURL_CA_BUNDLE, NODE_EXTRA_CA_CERTS, HOME, PATH } = demoEnvironment(demo, {
    HOME: '/home/ana',
  });
  assert.deepEqual([SSL_CERT_FILE, CURL_CA_BUNDLE, NODE_EXTRA_CA_CERTS], Array(3).fill('/data/pki/ca.pem'));
  assert.equal(HOME, '/home/ana');
  assert.doesNotMatch(PATH ?? '', /:$|undefined/);
});
