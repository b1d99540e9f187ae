import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decodeObject } from '../decode.ts';
import { withinASecond } from '../testing/work.ts';
import { type Istio, istioKind, istioVersion } from './istio.ts';

const mesh: Istio = {
  apiVersion: 'istio.banzaicloud.io/v1beta1',
  kind: 'Istio',
  metadata: { name: 'mesh', namespace: 'istio-system' },
  spec: { version: istioVersion },
};

function findings(spec: Readonly<Record<string, unknown>>): readonly string[] {
  const { diagnostics } = decodeObject({ ...mesh, spec: { version: istioVersion, ...spec } });
  return diagnostics.map(({ code, path }) => `${code} ${path}`);
}

test('a mesh without a mode shows ALLOW_ANY and the other defaults', () => {
  const { spec } = istioKind.withDefaults(mesh);
  assert.equal(spec.outboundTrafficPolicy?.mode, 'ALLOW_ANY');
  assert.equal(spec.meshPolicy?.mtlsMode, 'PERMISSIVE');
  assert.equal(spec.proxy?.accessLogFile, '/dev/stdout');
  assert.equal(spec.gateways?.egress?.serviceType, 'ClusterIP');
  assert.deepEqual(
    spec.gateways?.ingress?.ports?.map(({ port }) => port),
    [15020, 80, 443, 15443],
  );
});

test('what is written wins over defaults, at every depth', () => {
  const written: Istio = {
    ...mesh,
    spec: {
      version: '1.4.3',
      mtls: true,
      outboundTrafficPolicy: { mode: 'REGISTRY_ONLY' },
      gateways: { egress: { enabled: false, ports: [{ port: 80 }] } },
    },
  };
  const { spec } = istioKind.withDefaults(written);
  assert.equal(spec.outboundTrafficPolicy?.mode, 'REGISTRY_ONLY');
  assert.equal(spec.meshPolicy?.mtlsMode, 'STRICT');
  assert.deepEqual([spec.gateways?.egress?.enabled, spec.gateways?.egress?.maxReplicas], [false, 5]);
  assert.deepEqual(spec.gateways?.egress?.ports, [{ port: 80 }]);
});

for (const [spec, expected] of [
  [{}, []],
  [{ outboundTrafficPolicy: { mode: 'REGISTRY_ONLY' } }, []],
  [{ includeIPRanges: '*', excludeIPRanges: '' }, []],
  [
    { includeIPRanges: '10.0.0.0/8', excludeIPRanges: '192.0.2.0/24' },
    ['SP0403 spec.includeIPRanges', 'SP0403 spec.excludeIPRanges'],
  ],
  [{ includeIPRanges: '' }, []],
  [{ includeIPRanges: '*, 10.0.0.0/8' }, ['SP0404 spec.includeIPRanges']],
  [{ trustDomain: 'mesh-1.example_a' }, []],
  [{ trustDomain: 'Example/ns' }, ['SP0406 spec.trustDomain']],
  [
    { includeIPRanges: '10.0.0.0/8,ten', excludeIPRanges: '*, 192.0.2.0/24' },
    ['SP0404 spec.includeIPRanges', 'SP0404 spec.excludeIPRanges', 'SP0403 spec.excludeIPRanges'],
  ],
  [{ outboundTrafficPolicy: { mode: 'ALLOW_SOME' } }, ['SP0107 spec.outboundTrafficPolicy.mode']],
  [{ outboundTrafficPolicy: { mode: 'allow_any' } }, ['SP0107 spec.outboundTrafficPolicy.mode']],
  [{ outboundTrafficPolcy: {} }, ['SP0104 spec.outboundTrafficPolcy']],
  [{ version: '1.5.0' }, ['SP0109 spec.version']],
  [{ version: undefined }, ['SP0106 spec.version']],
  [{ meshPolicy: { mtlsMode: 'ON' } }, ['SP0107 spec.meshPolicy.mtlsMode']],
  [{ imagePullPolicy: 'Often' }, ['SP0107 spec.imagePullPolicy']],
  [
    { proxy: { logLevel: 'loud', accessLogFile: '/tmp/x', accessLogEncoding: 'XML' } },
    ['SP0107 spec.proxy.accessLogFile', 'SP0107 spec.proxy.accessLogEncoding', 'SP0107 spec.proxy.logLevel'],
  ],
  [{ proxy: { logLevel: 'off', accessLogFile: '', accessLogEncoding: 'JSON', dnsRefreshRate: '5s' } }, []],
  [{ proxy: { dnsRefreshRate: '5m' } }, ['SP0109 spec.proxy.dnsRefreshRate']],
  [{ tracing: { tracer: 'jaeger' } }, ['SP0107 spec.tracing.tracer']],
  [{ tracing: { zipkin: { address: 'zipkin' } } }, ['SP0109 spec.tracing.zipkin.address']],
  [{ tracing: { zipkin: { address: 'zipkin.istio-system:9411' } } }, []],
  [{ logging: { level: 'default:info,ads:debug' } }, []],
  [{ logging: { level: 'loud' } }, ['SP0109 spec.logging.level']],
  [{ gateways: { egress: { serviceType: 'External' } } }, ['SP0107 spec.gateways.egress.serviceType']],
  [
    { proxy: { envoyStatsD: { tlsSettings: { mode: 'SOMETIMES' } } } },
    ['SP0107 spec.proxy.envoyStatsD.tlsSettings.mode'],
  ],
] as const) {
  test(`${JSON.stringify(spec)} has ${expected.length} mistakes`, () => assert.deepEqual(findings(spec), expected));
}

test('the level of logging cannot be made to take long', () => {
  const found = withinASecond(() => findings({ logging: { level: `${'a:a'.repeat(5000)}!` } }));
  assert.deepEqual(found, ['SP0109 spec.logging.level']);
});

test('allowed ranges are ranges, and only one Istio object counts', () => {
  const ranged = (ranges: string) =>
    decodeObject({
      ...mesh,
      metadata: { ...mesh.metadata, annotations: { 'egress.sallyport.dev/allowed-ranges': ranges } },
    });
  assert.deepEqual(ranged('10.0.0.0/8, fd00::/8').diagnostics, []);
  assert.deepEqual(
    ranged('10.0.0.0/8,ten').diagnostics.map(({ code }) => code),
    ['SP0402'],
  );
  const other = decodeObject({ ...mesh, metadata: { name: 'other', namespace: 'istio-system' } });
  assert.deepEqual(
    other.diagnostics.map(({ severity, code }) => [severity, code]),
    [['warning', 'SP0401']],
  );
});

test('that pods may go around their proxies is told, and only `true` lets them', () => {
  for (const [value, expected] of [
    ['true', ['SP0403']],
    ['True', []],
    ['yes', []],
  ] as const) {
    const annotations = { 'egress.sallyport.dev/allow-bypass': value };
    const { diagnostics } = decodeObject({ ...mesh, metadata: { ...mesh.metadata, annotations } });
    assert.deepEqual(
      diagnostics.map(({ code }) => code),
      expected,
    );
  }
});

test('the columns are those of the operator', () => {
  const status = { Status: 'Available', GatewayAddress: ['192.0.2.1', '192.0.2.2'] };
  const cells = istioKind.columns.map((column) => [column.title, column.value({ ...mesh, status })]);
  assert.deepEqual(cells, [
    ['STATUS', 'Available'],
    ['ERROR', ''],
    ['GATEWAYS', '[192.0.2.1 192.0.2.2]'],
  ]);
});
