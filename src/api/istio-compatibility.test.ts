// docs/istio-compatibility.md says of every field of Istio's kinds what follows from it, and is right about what is not acted on.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { jsonSchemaOf } from './json-schema.ts';
import { decodeKind, type Spec } from './kinds/networking.fixture.ts';
import { kinds } from './kinds.ts';

const described = [
  'ServiceEntry',
  'WorkloadEntry',
  'VirtualService',
  'DestinationRule',
  'Gateway',
  'Sidecar',
  'Telemetry',
  'PeerAuthentication',
  'AuthorizationPolicy',
];

interface Row {
  readonly fields: readonly string[];
  readonly actedOn: string;
  readonly remarks: string;
}

const page = readFileSync(join(import.meta.dirname, '../../docs/istio-compatibility.md'), 'utf8');

function rowsOf(kind: string): readonly Row[] {
  const [, section = ''] = page.split(`\n## ${kind}\n`);
  const [own = ''] = section.split('\n## ');
  return [...own.matchAll(/^\| (`[^|]+`) \| (\w+) \| ([^|]*)\|$/gm)].map(
    ([, names = '', actedOn = '', remarks = '']) => ({
      fields: [...names.matchAll(/`([^`]+)`/g)].map(([, field = '']) => field),
      actedOn,
      remarks,
    }),
  );
}

/** Fields that have no fields of their own; those of a map by its own name. */
function* leaves(schema: unknown, path: string): Iterable<string> {
  const { items, properties, anyOf } = Object(schema);
  if (items !== undefined) return yield* leaves(items, path);
  const variants: readonly unknown[] = anyOf ?? [];
  const listed = [
    ...Object.entries(properties ?? {}),
    ...variants.flatMap((one) => Object.entries(Object(one).properties ?? {})),
  ];
  if (listed.length === 0) yield path;
  for (const [name, field] of listed) yield* leaves(field, path === '' ? name : `${path}.${name}`);
}

function covers(row: string, field: string): boolean {
  return row.endsWith('.*') ? field === row.slice(0, -2) || field.startsWith(row.slice(0, -1)) : row === field;
}

for (const name of described) {
  test(`every field of ${name} is on the page, once, and no other`, () => {
    const kind = kinds.find((one) => one.kind === name);
    assert.ok(kind !== undefined);
    const fields = [...new Set(leaves(Object(jsonSchemaOf(kind)).properties.spec, ''))];
    const rows = rowsOf(name).flatMap((row) => row.fields);
    assert.deepEqual(
      fields.filter((field) => rows.filter((row) => covers(row, field)).length !== 1),
      [],
    );
    assert.deepEqual(
      rows.filter((row) => !fields.some((field) => covers(row, field))),
      [],
    );
  });
}

const port = { number: 80, name: 'http', protocol: 'HTTP' };
const entry = (endpoint: Spec) => ({
  hosts: ['a.test'],
  ports: [port],
  resolution: 'STATIC',
  endpoints: [{ address: '192.0.2.1', ...endpoint }],
});
const rule = (kind: string, match: Spec) => ({
  hosts: ['a.test'],
  [kind]: [{ match: [match], route: [{ destination: { host: 'b.test' } }] }],
});
const server = (fields: Spec) => ({ selector: { a: 'b' }, servers: [{ port, hosts: ['a.test'], ...fields }] });
const egress = (fields: Spec) => ({ egress: [{ hosts: ['*/*'], port, ...fields }] });
const override = (fields: Spec) => ({ metrics: [{ overrides: [fields] }] });
const reference = { kind: 'Gateway', name: 'a' };

/** Of each field whose remarks speak of SP0111 a use that has it. */
const notActedOn: Readonly<Record<string, Readonly<Record<string, Spec>>>> = {
  ServiceEntry: {
    'endpoints.network': entry({ network: 'a' }),
    'endpoints.serviceAccount': entry({ serviceAccount: 'a' }),
  },
  WorkloadEntry: {
    network: { address: '192.0.2.1', network: 'a' },
    serviceAccount: { address: '192.0.2.1', serviceAccount: 'a' },
  },
  VirtualService: {
    'http.match.statPrefix': rule('http', { statPrefix: 'a' }),
    'tls.match.destinationSubnets': rule('tls', {
      sniHosts: ['a.test'],
      gateways: ['egress'],
      destinationSubnets: ['192.0.2.0/24'],
    }),
    'tcp.match.destinationSubnets': rule('tcp', { gateways: ['egress'], destinationSubnets: ['192.0.2.0/24'] }),
    'tcp.match.sourceSubnet': rule('tcp', { sourceSubnet: '192.0.2.0/24' }),
  },
  DestinationRule: {
    'trafficPolicy.connectionPool.http.http2KeepAlive.*': {
      host: 'a.test',
      trafficPolicy: { connectionPool: { http: { http2KeepAlive: { other: 1 } } } },
    },
  },
  Gateway: {
    'servers.port.targetPort': server({ port: { ...port, targetPort: 81 } }),
    'servers.defaultEndpoint': server({ defaultEndpoint: '127.0.0.1:80' }),
    'servers.bind': server({ bind: 'unix:///a' }),
    'servers.tls.mode': server({
      port: { number: 443, name: 'tls', protocol: 'TLS' },
      tls: { mode: 'AUTO_PASSTHROUGH' },
    }),
  },
  Sidecar: {
    'egress.bind': egress({ bind: '192.0.2.1' }),
    'egress.captureMode': egress({ captureMode: 'NONE' }),
    'ingress.*': { ingress: [{ port }] },
    'inboundConnectionPool.*': { inboundConnectionPool: { tcp: { maxConnections: 1 } } },
  },
  Telemetry: {
    'targetRef.*': { targetRef: reference },
    'targetRefs.*': { targetRefs: [reference] },
    'tracing.*': { tracing: [{ randomSamplingPercentage: 1 }] },
    'accessLogging.providers.name': { accessLogging: [{ providers: [{ name: 'otel' }] }] },
    'metrics.providers.name': { metrics: [{ providers: [{ name: 'stackdriver' }] }] },
    'metrics.overrides.match.customMetric': override({ match: { customMetric: 'a' } }),
    'metrics.overrides.tagOverrides.*': override({ tagOverrides: { a: { value: 'request.host' } } }),
    'metrics.reportingInterval': { metrics: [{ reportingInterval: '5s' }] },
  },
};

for (const kind of described) {
  test(`what the page says of ${kind} not to be acted on has SP0111`, () => {
    const uses = notActedOn[kind] ?? {};
    const told = rowsOf(kind).filter(({ remarks }) => remarks.includes('SP0111'));
    assert.deepEqual(told.flatMap(({ fields }) => fields).sort(), Object.keys(uses).sort());
    assert.ok(told.every(({ actedOn }) => actedOn === 'no' || actedOn === 'partly'));
    for (const [field, spec] of Object.entries(uses)) {
      const { diagnostics } = decodeKind(kind, spec);
      const paths = diagnostics
        .filter(({ code }) => code === 'SP0111')
        .map(({ path }) => path.replaceAll(/\[\d+\]/g, ''));
      const place = `spec.${field.replace(/\.\*$/, '')}`;
      assert.ok(
        paths.some((path) => path === place || path.startsWith(`${place}.`) || path.startsWith(`${place}[`)),
        `${field}: ${JSON.stringify(diagnostics)}`,
      );
    }
  });
}
