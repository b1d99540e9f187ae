// What we take for certificates the real Envoy takes too; what it refuses we do not serve, since it would refuse with it
// whatever else an update brings.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isCertificate, isRevocationList } from '../../src/mesh/pem.ts';
import { createTestAuthority } from '../support/certificates.ts';
import { validateConfig } from '../support/envoy-process.ts';

const one = (await createTestAuthority('one')).root;
const two = (await createTestAuthority('two')).root;
const frame = (text: string) => `-----BEGIN CERTIFICATE-----\n${text}\n-----END CERTIFICATE-----\n`;

const contents: readonly (readonly [name: string, content: string, fit: boolean])[] = [
  ['one', one, true],
  ['two, a line apart', `${one}\n${two}\n`, true],
  ['with the line ends of Windows', `${one}\n${two}\n`.replaceAll('\n', '\r\n'), true],
  ['between other words', `first\n${one}\nlast\n`, true],
  ['beside something else', `${one}\n-----BEGIN NOTE-----\nAAAA\n-----END NOTE-----\n`, true],
  ['two on one line', one + two, false],
  ['indented', `  ${one}`, false],
  ['broken off', `${one}\n${two.slice(0, 200)}`, false],
  ['no base64 inside', `${one}\n${frame('!!!!')}`, false],
  ['no certificate inside', `${one}\n${frame('AAAA')}`, false],
];

async function isTaken(validation: object): Promise<boolean> {
  const { ok } = await validateConfig({
    static_resources: {
      clusters: [
        {
          name: 'cluster',
          connect_timeout: '1s',
          transport_socket: {
            name: 'tls',
            typed_config: {
              '@type': 'type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext',
              common_tls_context: { validation_context: validation },
            },
          },
        },
      ],
    },
  });
  return ok;
}

for (const [name, content, fit] of contents) {
  test(`certificates: ${name}: ${fit ? 'taken' : 'refused'}, by Envoy as by us`, async () => {
    assert.equal(isCertificate(Buffer.from(content)), fit);
    assert.equal(await isTaken({ trusted_ca: { inline_string: content } }), fit);
  });
}

const authority = await createTestAuthority();
const list = await authority.revoke(await authority.issue({ commonName: 'client.test' }));
const empty = await authority.revoke();
const crlFrame = (text: string) => `-----BEGIN X509 CRL-----\n${text}\n-----END X509 CRL-----\n`;

const lists: readonly (readonly [name: string, content: string, fit: boolean])[] = [
  ['one', list, true],
  ['of nobody', empty, true],
  ['two, a line apart', `${list}\n${empty}\n`, true],
  ['nothing', '', false],
  ['a certificate', one, false],
  ['broken off', `${list}\n${empty.slice(0, 120)}`, false],
  ['no base64 inside', crlFrame('!!!!'), false],
  ['no list inside', crlFrame('AAAA'), false],
];

/** For no list at all: everyone would be trusted. */
const envoyTakes = ['nothing', 'a certificate'];

for (const [name, content, fit] of lists) {
  test(`revocation lists: ${name}: ${fit ? 'taken' : 'refused'}`, async () => {
    assert.equal(isRevocationList(Buffer.from(content)), fit);
    const taken = await isTaken({ trusted_ca: { inline_string: authority.root }, crl: { inline_string: content } });
    assert.equal(taken, fit || envoyTakes.includes(name));
  });
}
