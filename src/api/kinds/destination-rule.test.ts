// What is accepted as a DestinationRule without a word: the nearest neighbours of all that is not.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type DestinationRule, destinationRuleKind } from './destination-rule.ts';
import { findingsOf, type Spec } from './networking.fixture.ts';

const host = 'a.example';
const findings = (spec: Spec) => findingsOf('DestinationRule', spec);
const policy = (trafficPolicy: Spec): Spec => ({ host, trafficPolicy });
const tls = (settings: Spec) => policy({ tls: settings });

const connectionPool = {
  tcp: {
    maxConnections: 1,
    connectTimeout: '30ms',
    tcpKeepalive: { probes: 3, time: '7200s', interval: '75s' },
    maxConnectionDuration: '1h',
    idleTimeout: '0s',
  },
  http: {
    http1MaxPendingRequests: 0,
    http2MaxRequests: 1000,
    maxRequestsPerConnection: 10,
    maxRetries: 3,
    idleTimeout: '1h',
    h2UpgradePolicy: 'UPGRADE',
    useClientProtocol: false,
    maxConcurrentStreams: 100,
  },
};
const outlierDetection = {
  consecutiveGatewayErrors: 5,
  consecutive5xxErrors: 0,
  interval: '5m',
  baseEjectionTime: '15m',
  maxEjectionPercent: 100,
  minHealthPercent: 0,
};
const blocks = { connectionPool, outlierDetection, loadBalancer: { simple: 'ROUND_ROBIN' } };

const accepted: readonly (readonly [string, Spec])[] = [
  ['a host alone', { host }],
  ['a wildcard, a short name', { host: '*.local' }],
  ['a short name', { host: 'reviews' }],
  ['every block', policy({ ...blocks, tls: { mode: 'SIMPLE' } })],
  [
    'ports',
    policy({
      portLevelSettings: [
        { port: { number: 80 }, ...blocks },
        { port: { number: 81 }, tls: {} },
      ],
    }),
  ],
  [
    'subsets',
    {
      host,
      subsets: [{ name: 'v1', labels: { version: 'v1' }, trafficPolicy: blocks }, { name: 'V2' }],
      exportTo: ['.'],
    },
  ],
  ['TLS by nothing', tls({ mode: 'DISABLE' })],
  ['TLS with a name', tls({ mode: 'SIMPLE', sni: 'b.example', subjectAltNames: ['b.example', 'spiffe://a/b'] })],
  ['TLS with a CA', tls({ mode: 'SIMPLE', caCertificates: '/ca.pem', caCrl: '/crl.pem' })],
  ['TLS with a Secret', tls({ mode: 'SIMPLE', credentialName: 'a' })],
  ['mutual TLS with files', tls({ mode: 'MUTUAL', clientCertificate: '/c', privateKey: '/k', caCertificates: '/ca' })],
  ['mutual TLS with a Secret', tls({ mode: 'MUTUAL', credentialName: 'a', sni: 'a.example' })],
  ['chosen workloads', { host, workloadSelector: { matchLabels: { app: 'a' } }, exportTo: ['shop'] }],
];

for (const [what, spec] of accepted) {
  test(`accepted: ${what}`, () => assert.deepEqual(findings(spec), []));
}

test('defaults are those of Istio, and what is written stays', () => {
  const metadata = { name: 'a', namespace: 'shop' };
  const head = { apiVersion: 'networking.istio.io/v1', kind: 'DestinationRule', metadata };
  const rule = (spec: DestinationRule['spec']): DestinationRule => ({ ...head, spec });
  const exportTo = (spec: DestinationRule['spec']) => destinationRuleKind.withDefaults(rule(spec)).spec.exportTo;
  assert.deepEqual(exportTo({ host, exportTo: [] }), ['*']);
  assert.deepEqual(exportTo({ host, workloadSelector: {} }), ['.']);
  assert.deepEqual(exportTo({ host, exportTo: ['b'] }), ['b']);
  assert.deepEqual(
    destinationRuleKind.columns.map((column) => [column.title, column.value(rule({ host }))]),
    [['HOST', host]],
  );
});
