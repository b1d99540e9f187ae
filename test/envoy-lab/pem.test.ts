// What we take for certificates the real Envoy takes too; what it refuses we do not serve, since it would refuse with it
// whatever else an update brings.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isCertificate } from '../../src/mesh/pem.ts';
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

for (const [name, content, fit] of contents) {
  test(`certificates: ${name}: ${fit ? 'taken' : 'refused'}, by Envoy as by us`, async () => {
    assert.equal(isCertificate(Buffer.from(content)), fit);
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
                common_tls_context: { validation_context: { trusted_ca: { inline_string: content } } },
              },
            },
          },
        ],
      },
    });
    assert.equal(ok, fit);
  });
}
