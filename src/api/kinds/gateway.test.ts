// What is accepted as a Gateway, and each mistake with its message and its place.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseServerHost } from './gateway-hosts.ts';
import { findingsOf, type Spec } from './networking.fixture.ts';

const selector = { istio: 'egressgateway' };
const findings = (spec: Spec, name?: string) => findingsOf('Gateway', spec, name);
const server = (protocol: string, more: Spec = {}): Spec => ({
  port: { number: 443, name: 'https', protocol },
  hosts: ['a.example'],
  ...more,
});
const one = (protocol: string, more?: Spec): Spec => ({ selector, servers: [server(protocol, more)] });
const tls = (settings: Spec): Spec => one('HTTPS', { tls: settings });
const files = { serverCertificate: '/c', privateKey: '/k' };
const spki = `${'A'.repeat(43)}=`;
const hash = 'ab'.repeat(32);
const notActed = 'is accepted, but not acted on yet';
const at = 'spec.servers[0]';

const accepted: readonly (readonly [string, Spec])[] = [
  ['plain HTTP', one('HTTP')],
  [
    'all protocols for plain text',
    {
      selector,
      servers: ['http', 'HTTP2', 'gRPC', 'TCP', 'MONGO'].map((protocol, index) => ({
        port: { number: 80 + index, name: `p${index}`, protocol },
        hosts: ['*'],
      })),
    },
  ],
  [
    'hosts of all forms',
    one('HTTP', { hosts: ['*', 'a/*', './a.example', '*/*.b.example', 'ns/c.example', '192.0.2.1'] }),
  ],
  ['a redirect to HTTPS', one('HTTP', { tls: { httpsRedirect: true } })],
  ['TLS passed through', one('TLS', { tls: { mode: 'PASSTHROUGH' } })],
  ['no mode', one('HTTPS', { tls: {} })],
  ['TLS with files', tls({ mode: 'SIMPLE', ...files })],
  ['TLS with a Secret', tls({ mode: 'SIMPLE', credentialName: 'a' })],
  ['mutual TLS with files', tls({ mode: 'MUTUAL', ...files, caCertificates: '/ca', subjectAltNames: ['a'] })],
  ['mutual TLS with a Secret', tls({ mode: 'MUTUAL', credentialName: 'a' })],
  ['several Secrets', tls({ mode: 'MUTUAL', credentialNames: ['a', 'b'], caCertCredentialName: 'c' })],
  ['several pairs of files', tls({ mode: 'SIMPLE', tlsCertificates: [files, files] })],
  [
    'several pairs of files for callers with certificates',
    tls({ mode: 'MUTUAL', tlsCertificates: [{ ...files, caCertificates: '/ca' }], caCrl: '/crl' }),
  ],
  ['revoked callers', tls({ mode: 'MUTUAL', ...files, caCertificates: '/ca', caCrl: '/crl' })],
  ['an address', one('HTTP', { bind: '192.0.2.1' })],
  [
    'pins',
    tls({
      mode: 'MUTUAL',
      credentialName: 'a',
      verifyCertificateSpki: [spki],
      verifyCertificateHash: [hash, hash.replace(/..(?=.)/g, '$&:')],
    }),
  ],
  [
    'versions',
    tls({ mode: 'SIMPLE', credentialName: 'a', minProtocolVersion: 'TLSV1_2', maxProtocolVersion: 'TLSV1_2' }),
  ],
  [
    'old versions',
    tls({ mode: 'SIMPLE', credentialName: 'a', minProtocolVersion: 'TLSV1_0', maxProtocolVersion: 'TLS_AUTO' }),
  ],
  ['ciphers', tls({ mode: 'SIMPLE', credentialName: 'a', cipherSuites: ['ECDHE-RSA-AES128-GCM-SHA256'] })],
  [
    'one host on two ports',
    {
      selector,
      servers: [
        server('HTTPS', { tls: {}, name: 'one' }),
        { ...server('HTTPS', { tls: {}, name: 'two' }), port: { number: 8443, name: 'b', protocol: 'HTTPS' } },
      ],
    },
  ],
];

for (const [what, spec] of accepted) {
  test(`accepted: ${what}`, () => assert.deepEqual(findings(spec), []));
}

const found: readonly (readonly [string, Spec, readonly string[]])[] = [
  ['no servers', { selector, servers: [] }, ['!SP0108 spec.servers: gateway must have at least one server']],
  [
    'no selector',
    { servers: [server('HTTP')] },
    ['?SP0912 spec.selector: a gateway without selector opens its ports on every gateway proxy of the mesh'],
  ],
  ['no hosts', one('HTTP', { hosts: [] }), [`!SP0901 ${at}.hosts: server config must contain at least one host`]],
  [
    'hosts that are none',
    one('HTTP', { hosts: ['/a.example', 'a/', 'A/a.example', '~/a.example', 'reviews', 'a.example:80', '*a.example'] }),
    [
      `!SP0902 ${at}.hosts[0]: config namespace and dnsName in host entry cannot be empty`,
      `!SP0902 ${at}.hosts[1]: config namespace and dnsName in host entry cannot be empty`,
      `!SP0902 ${at}.hosts[2]: invalid namespace value "A" in gateway host`,
      `!SP0902 ${at}.hosts[3]: invalid namespace value "~" in gateway host`,
      `!SP0902 ${at}.hosts[4]: short names (non FQDN) are not allowed: reviews`,
      `!SP0301 ${at}.hosts[5]: host 'a.example:80' is not a DNS name`,
      `!SP0303 ${at}.hosts[6]: host '*a.example' has a partial wildcard`,
    ],
  ],
  [
    'a port without name and protocol',
    one('HTTP', { port: { number: 80, name: '', protocol: '' } }),
    [
      `!SP0903 ${at}.port.name: port name must be set: 80`,
      `!SP0315 ${at}.port.protocol: invalid protocol "", supported protocols are HTTP, HTTPS, HTTP2, GRPC, GRPC-WEB, MONGO, MYSQL, REDIS, TCP, TLS`,
    ],
  ],
  [
    'UDP',
    one('UDP'),
    [
      `!SP0315 ${at}.port.protocol: invalid protocol "UDP", supported protocols are HTTP, HTTPS, HTTP2, GRPC, GRPC-WEB, MONGO, MYSQL, REDIS, TCP, TLS`,
    ],
  ],
  [
    'names twice',
    { selector, servers: [server('HTTP', { name: 'a' }), server('HTTP', { name: 'a' })] },
    [
      '!SP0904 spec.servers[1].port.name: port names in servers must be unique: duplicate name https',
      '!SP0904 spec.servers[1].name: server names must be unique: duplicate name a',
    ],
  ],
  ['HTTPS without TLS', one('HTTPS'), [`!SP0905 ${at}.tls: server must have TLS settings for HTTPS/TLS protocols`]],
  [
    'HTTP with TLS',
    one('HTTP', { tls: { mode: 'SIMPLE', credentialName: 'a' } }),
    [`!SP0906 ${at}.tls: server cannot have TLS settings for plain text HTTP ports`],
  ],
  [
    'TCP with TLS',
    one('TCP', { tls: { httpsRedirect: true } }),
    [`!SP0906 ${at}.tls: server cannot have TLS settings for non HTTPS/TLS ports`],
  ],
  [
    'TLS without certificate',
    tls({ mode: 'SIMPLE' }),
    [
      `!SP0907 ${at}.tls: SIMPLE TLS requires a server certificate`,
      `!SP0907 ${at}.tls: SIMPLE TLS requires a private key`,
    ],
  ],
  [
    'mutual TLS without CA',
    tls({ mode: 'MUTUAL', ...files }),
    [`!SP0907 ${at}.tls: MUTUAL TLS requires a client CA bundle`],
  ],
  [
    'a Secret and files',
    tls({ mode: 'SIMPLE', credentialName: 'a', ...files }),
    [`!SP0908 ${at}.tls: only one of credentialName and serverCertificate, privateKey can be set`],
  ],
  [
    'Secrets and pairs of files',
    tls({ mode: 'SIMPLE', credentialNames: ['a'], tlsCertificates: [files] }),
    [`!SP0908 ${at}.tls: only one of credentialNames and tlsCertificates can be set`],
  ],
  [
    'pairs of files and another one',
    tls({ mode: 'SIMPLE', ...files, tlsCertificates: [files] }),
    [`!SP0908 ${at}.tls: only one of tlsCertificates and serverCertificate, privateKey can be set`],
  ],
  [
    'half a pair, and no CA',
    tls({ mode: 'MUTUAL', tlsCertificates: [{ serverCertificate: '/c' }], caCrl: '/crl' }),
    [
      `!SP0907 ${at}.tls.tlsCertificates[0]: MUTUAL TLS requires a private key`,
      `!SP0907 ${at}.tls: MUTUAL TLS requires a client CA bundle`,
      `!SP0908 ${at}.tls.caCrl: caCrl needs the CA that it speaks of`,
    ],
  ],
  [
    'callers who are not asked',
    tls({ mode: 'SIMPLE', credentialName: 'a', caCertCredentialName: 'b' }),
    [`?SP0909 ${at}.tls.caCertCredentialName: SIMPLE mode asks callers for no certificate`],
  ],
  [
    'no address, and a socket',
    {
      selector,
      servers: [
        server('HTTP', { bind: 'localhost' }),
        { ...server('HTTP', { bind: 'unix:///a' }), port: { number: 80, name: 'b', protocol: 'HTTP' } },
        { ...server('HTTP', { bind: 'fe80::1%eth9' }), port: { number: 80, name: 'c', protocol: 'HTTP' } },
      ],
    },
    [
      `!SP0916 ${at}.bind: 'localhost' is not an address to listen on`,
      `?SP0111 spec.servers[1].bind: a Unix socket ${notActed}`,
      "!SP0916 spec.servers[2].bind: 'fe80::1%eth9' is not an address to listen on",
    ],
  ],
  [
    'a certificate to pass through',
    tls({ credentialName: 'a' }),
    [`?SP0909 ${at}.tls.credentialName: PASSTHROUGH mode does not use certificates, they will be ignored`],
  ],
  [
    'an unknown cipher suite',
    tls({ mode: 'SIMPLE', credentialName: 'a', cipherSuites: ['AES128-SHA', 'FOO'] }),
    [`?SP0910 ${at}.tls.cipherSuites: ignoring invalid cipher suites: FOO`],
  ],
  [
    'unknown cipher suites alone',
    tls({ mode: 'SIMPLE', credentialName: 'a', cipherSuites: ['TLS_AES_128_GCM_SHA256'] }),
    [`!SP0910 ${at}.tls.cipherSuites: ignoring invalid cipher suites: TLS_AES_128_GCM_SHA256`],
  ],
  [
    'versions that leave none',
    tls({ mode: 'SIMPLE', credentialName: 'a', minProtocolVersion: 'TLSV1_3', maxProtocolVersion: 'TLSV1_2' }),
    [`!SP0911 ${at}.tls: no TLS version is left between TLSV1_3 and TLSV1_2`],
  ],
  [
    'a version below the least',
    tls({ mode: 'SIMPLE', credentialName: 'a', maxProtocolVersion: 'TLSV1_1' }),
    [`!SP0911 ${at}.tls: no TLS version is left between TLSV1_2 and TLSV1_1`],
  ],
  [
    'pins that are none',
    tls({ mode: 'MUTUAL', credentialName: 'a', verifyCertificateSpki: ['abc'], verifyCertificateHash: [`${hash}0`] }),
    [
      `!SP0914 ${at}.tls.verifyCertificateSpki[0]: 'abc' is not the base64 of a SHA-256`,
      `!SP0914 ${at}.tls.verifyCertificateHash[0]: '${hash.slice(0, 57)}...' is not a SHA-256 in hexadecimal`,
    ],
  ],
  [
    'one host twice',
    {
      selector,
      servers: [
        server('HTTPS', { tls: {} }),
        {
          ...server('TLS', { tls: {} }),
          hosts: ['ns/A.example', 'b.example'],
          port: { number: 443, name: 'b', protocol: 'TLS' },
        },
      ],
    },
    ['?SP0915 spec.servers[1].hosts[0]: server 0 has A.example on port 443 already'],
  ],
  [
    'modes that need an identity',
    {
      selector,
      servers: [
        server('HTTPS', { tls: { mode: 'ISTIO_MUTUAL', credentialName: 'a' } }),
        {
          ...server('TLS', { tls: { mode: 'AUTO_PASSTHROUGH' } }),
          port: { number: 15443, name: 'b', protocol: 'TLS' },
        },
        {
          ...server('HTTPS', { tls: { mode: 'OPTIONAL_MUTUAL', credentialName: 'a' } }),
          port: { number: 1, name: 'c', protocol: 'HTTPS' },
        },
      ],
    },
    [
      `!SP0908 ${at}.tls.credentialName: ISTIO_MUTUAL TLS cannot have associated credentialName`,
      `?SP0111 spec.servers[1].tls.mode: TLS mode AUTO_PASSTHROUGH ${notActed}`,
    ],
  ],
  [
    'more than is acted on',
    one('HTTPS', {
      defaultEndpoint: '127.0.0.1:80',
      port: { number: 443, name: 'https', protocol: 'HTTPS', targetPort: 8443 },
      tls: {},
    }),
    [
      `?SP0111 ${at}.defaultEndpoint: defaultEndpoint ${notActed}`,
      `?SP0111 ${at}.port.targetPort: targetPort ${notActed}`,
    ],
  ],
];

for (const [what, spec, expected] of found) {
  test(`found: ${what}`, () => assert.deepEqual(findings(spec), expected));
}

test('a name with dots', () => {
  assert.deepEqual(findings(one('HTTP'), 'a.b'), ['!SP0913 metadata.name: invalid gateway name: "a.b"']);
});

test('hosts of servers are read', () => {
  assert.deepEqual(parseServerHost('a.example'), { namespace: '*', host: 'a.example' });
  assert.deepEqual(parseServerHost('./*'), { namespace: '.', host: '*' });
  assert.deepEqual(parseServerHost('ns/*.a'), { namespace: 'ns', host: '*.a' });
});
