// Mistakes of a DestinationRule, each with its message and its place, and what is accepted but not acted on.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { findingsOf, type Spec } from './networking.fixture.ts';

const host = 'a.example';
const findings = (spec: Spec) => findingsOf('DestinationRule', spec);
const policy = (trafficPolicy: Spec): Spec => ({ host, trafficPolicy });
const tls = (settings: Spec) => policy({ tls: settings });
const notActed = 'is accepted, but not acted on yet';
const at = 'spec.trafficPolicy';
const blocks = { loadBalancer: { simple: 'ROUND_ROBIN' } };

const mutual = { mode: 'MUTUAL', clientCertificate: '/c', privateKey: '/k' };
const found: readonly (readonly [string, Spec, readonly string[]])[] = [
  ['no host', {}, ['!SP0106 spec.host: is required']],
  ['every host', { host: '*' }, ['!SP0302 spec.host: invalid host *']],
  ['a host with a port', { host: 'a:80' }, ["!SP0301 spec.host: host 'a:80' is not a DNS name"]],
  ['an empty policy', policy({}), [`!SP0801 ${at}: traffic policy must have at least one field`]],
  [
    'an empty connection pool',
    policy({ connectionPool: {} }),
    [`!SP0801 ${at}.connectionPool: connection pool must have at least one field`],
  ],
  [
    'tunnel and PROXY protocol',
    policy({ tunnel: { targetHost: 'a', targetPort: 1 }, proxyProtocol: { version: 'V2' } }),
    [`!SP0802 ${at}: tunnel and proxyProtocol must not be set together`],
  ],
  [
    'tunnels to nowhere',
    policy({ tunnel: { protocol: 'SOCKS', targetHost: '*.a', targetPort: 1 } }),
    [
      `!SP0813 ${at}.tunnel.protocol: tunnel protocol must be "CONNECT" or "POST", not SOCKS`,
      `!SP0813 ${at}.tunnel.targetHost: tunnel target host is not valid: '*.a'`,
    ],
  ],
  [
    'ports that are none',
    policy({ portLevelSettings: [{ ...blocks }, { port: { number: 80 } }, { port: { number: 80 }, ...blocks }] }),
    [
      `!SP0803 ${at}.portLevelSettings[0].port: portTrafficPolicies must have port set`,
      `!SP0801 ${at}.portLevelSettings[1]: port traffic policy must have at least one field beside port`,
      `!SP0803 ${at}.portLevelSettings[2].port.number: port 80 has a policy already`,
    ],
  ],
  [
    'a tunnel of a port',
    policy({ portLevelSettings: [{ port: { number: 80 }, tunnel: {} }] }),
    [`!SP0104 ${at}.portLevelSettings[0].tunnel: unknown field 'tunnel'`],
  ],
  [
    'two protocols',
    policy({
      connectionPool: { http: { useClientProtocol: true, h2UpgradePolicy: 'UPGRADE', http2KeepAlive: { other: 1 } } },
    }),
    [
      `!SP0802 ${at}.connectionPool.http.useClientProtocol: use client protocol must not be true when H2UpgradePolicy is UPGRADE`,
      `?SP0111 ${at}.connectionPool.http.http2KeepAlive.other: other ${notActed}`,
    ],
  ],
  [
    'numbers and durations',
    policy({
      connectionPool: {
        tcp: { maxConnections: -1, connectTimeout: '0s', tcpKeepalive: { time: '1' }, idleTimeout: 'x' },
      },
      outlierDetection: { maxEjectionPercent: 101, interval: '10us' },
    }),
    [
      `!SP0108 ${at}.connectionPool.tcp.maxConnections: max connections must be non-negative`,
      `!SP0108 ${at}.connectionPool.tcp.connectTimeout: '0s' must be a valid duration greater than 1ms`,
      `!SP0109 ${at}.connectionPool.tcp.tcpKeepalive.time: '1' is not a duration`,
      `!SP0109 ${at}.connectionPool.tcp.idleTimeout: 'x' is not a duration`,
      `!SP0108 ${at}.outlierDetection.interval: '10us' must be a valid duration greater than 1ms`,
      `!SP0108 ${at}.outlierDetection.maxEjectionPercent: 101 is too large; the most is 100`,
    ],
  ],
  ['failures of our own that are not counted', policy({ outlierDetection: { consecutiveLocalOriginFailures: 0 } }), []],
  [
    'local errors',
    policy({ outlierDetection: { consecutiveLocalOriginFailures: 5, consecutiveErrors: 7 } }),
    [
      `?SP0112 ${at}.outlierDetection.consecutiveErrors: using deprecated setting "consecutiveErrors", use "consecutiveGatewayErrors or consecutive5xxErrors" instead`,
      `!SP0802 ${at}.outlierDetection.consecutiveLocalOriginFailures: outlier detection consecutive local origin failures is specified, but split external local origin errors is set to false`,
    ],
  ],
  [
    'subsets that are none',
    { host, subsets: [{ name: '' }, { name: 'a b' }, { name: 'c' }, { name: 'c', trafficPolicy: {} }] },
    [
      '!SP0804 spec.subsets[0].name: subset name cannot be empty',
      '!SP0804 spec.subsets[1].name: subset name is invalid: a b',
      '!SP0805 spec.subsets[3].name: duplicate subset names',
      '!SP0801 spec.subsets[3].trafficPolicy: traffic policy must have at least one field',
    ],
  ],
  [
    'a Secret and files',
    tls({ ...mutual, credentialName: 'a' }),
    [
      `!SP0806 ${at}.tls.credentialName: cannot specify client certificates or CA certificate or CA CRL If credentialName is set`,
    ],
  ],
  [
    'mutual TLS without certificate',
    tls({ mode: 'MUTUAL' }),
    [
      `!SP0807 ${at}.tls: client certificate required for mutual tls`,
      `!SP0807 ${at}.tls: private key required for mutual tls`,
    ],
  ],
  [
    'certificates without use',
    tls({ ...mutual, mode: 'SIMPLE' }),
    [`?SP0808 ${at}.tls: TLS mode SIMPLE does not use clientCertificate, privateKey`],
  ],
  ['no TLS at all', tls({ sni: 'a' }), [`?SP0808 ${at}.tls: TLS mode DISABLE does not use sni`]],
  [
    'no verification',
    tls({ mode: 'SIMPLE', insecureSkipVerify: true }),
    [
      `?SP0809 ${at}.tls.insecureSkipVerify: the server is not verified: anyone between can read and change what is sent`,
    ],
  ],
  [
    'no verification by a CA',
    tls({ mode: 'SIMPLE', insecureSkipVerify: true, caCertificates: '/a' }),
    [
      `!SP0806 ${at}.tls.insecureSkipVerify: cannot specify CA certificates, CA CRL or subjectAltNames if insecureSkipVerify is set`,
    ],
  ],
  [
    'names that are none',
    tls({ mode: 'SIMPLE', sni: '*.a.example', subjectAltNames: [''] }),
    [
      `!SP0806 ${at}.tls.subjectAltNames[0]: subject alternative name cannot be empty`,
      `!SP0806 ${at}.tls.sni: sni '*.a.example' is not a DNS name`,
    ],
  ],
  [
    'Istio mutual TLS',
    tls({ mode: 'ISTIO_MUTUAL', caCertificates: '/a' }),
    [`?SP0808 ${at}.tls.caCertificates: TLS mode ISTIO_MUTUAL does not use caCertificates`],
  ],
  [
    'chosen workloads of others',
    { host, workloadSelector: { matchLabels: { app: 'a' } }, exportTo: ['*'] },
    ['!SP0810 spec.exportTo: destination rule with workload selector cannot have exportTo beyond current namespace'],
  ],
];

for (const [what, spec, expected] of found) {
  test(`found: ${what}`, () => assert.deepEqual(findings(spec), expected));
}
