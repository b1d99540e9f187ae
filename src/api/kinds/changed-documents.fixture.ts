// Documents of what decides about egress, each right, and changes of a few places in them: many still get past the schema.
import fc from 'fast-check';
import type { Spec } from './networking.fixture.ts';

export interface Document {
  readonly kind: string;
  /** Either this, or the fields of an object without one. */
  readonly spec?: Spec;
  readonly fields?: Spec;
  readonly labels?: Readonly<Record<string, string>>;
}

const destination = { host: 'a.example', subset: 'v1', port: { number: 80 } };
const match = {
  uri: { prefix: '/a' },
  headers: { 'x-a': { regex: 'a+' } },
  gateways: ['mesh'],
  sourceLabels: { a: 'b' },
};
const policy = {
  connectionPool: { tcp: { connectTimeout: '1s' }, http: { maxRetries: 1, http2KeepAlive: { interval: '1s' } } },
  loadBalancer: {
    simple: 'ROUND_ROBIN',
    localityLbSetting: { distribute: [{ from: 'a/*', to: { 'b/c': 40, 'd/*': 60 } }] },
    warmup: { duration: '1s', aggression: 1.5 },
  },
  outlierDetection: { consecutive5xxErrors: 1, interval: '1s', splitExternalLocalOriginErrors: true },
  tls: { mode: 'MUTUAL', clientCertificate: '/c', privateKey: '/k', sni: 'a.example', subjectAltNames: ['a'] },
};

/** By what they are called in a test. */
export const goodDocuments: Readonly<Record<string, Document>> = {
  VirtualService: {
    kind: 'VirtualService',
    spec: {
      hosts: ['a.example', '*.b.example'],
      gateways: ['mesh', 'ns/a'],
      http: [
        {
          match: [match],
          route: [
            { destination, weight: 1, headers: { request: { set: { a: '%HOSTNAME%' } } } },
            { destination, weight: 2 },
          ],
          rewrite: { uriRegexRewrite: { match: '(a)', rewrite: '\\1' } },
          timeout: '1s',
          retries: { attempts: 1, retryOn: '5xx', backoff: '25ms', retryIgnorePreviousHosts: true },
          mirrors: [{ destination, percentage: { value: 5 } }],
          corsPolicy: { allowOrigins: [{ exact: '*' }], allowMethods: ['GET'], exposeHeaders: ['x-a'], maxAge: '1h' },
          fault: { abort: { httpStatus: 500, percentage: { value: 1 } }, delay: { fixedDelay: '1s', percent: 1 } },
        },
        { redirect: { uri: '/x', redirectCode: 301 } },
        { match: [match], delegate: { name: 'other', namespace: 'ns' } },
        { directResponse: { status: 200, body: { string: 'a' } } },
      ],
      tls: [
        {
          match: [{ sniHosts: ['a.example'], port: 443, destinationSubnets: ['192.0.2.0/24'] }],
          route: [{ destination }],
        },
      ],
      tcp: [{ match: [{ port: 1, sourceSubnet: '10.0.0.0/8' }], route: [{ destination }] }],
      exportTo: ['.'],
    },
  },
  DestinationRule: {
    kind: 'DestinationRule',
    spec: {
      host: 'a.example',
      trafficPolicy: { ...policy, portLevelSettings: [{ port: { number: 80 }, ...policy }] },
      subsets: [
        { name: 'v1', labels: { a: 'b' }, trafficPolicy: { tunnel: { targetHost: 'a.example', targetPort: 1 } } },
        {
          name: 'v2',
          trafficPolicy: {
            loadBalancer: { consistentHash: { httpCookie: { name: 'a', ttl: '0s' }, maglev: { tableSize: 7 } } },
            outlierDetection: { consecutiveLocalOriginFailures: 1, splitExternalLocalOriginErrors: true },
            proxyProtocol: { version: 'V2' },
            retryBudget: { percent: 1.5 },
          },
        },
      ],
      exportTo: ['.'],
      workloadSelector: { matchLabels: { a: 'b' } },
    },
  },
  WorkloadEntry: {
    kind: 'WorkloadEntry',
    spec: {
      address: 'a.example',
      ports: { http: 80 },
      labels: { a: 'b' },
      network: 'n',
      locality: 'a/b/c',
      weight: 1,
      serviceAccount: 's',
    },
  },
  ServiceEntry: {
    kind: 'ServiceEntry',
    spec: {
      hosts: ['a.example', '*.b.example'],
      addresses: ['192.0.2.1'],
      ports: [{ number: 80, name: 'http', protocol: 'HTTP', targetPort: 8080 }],
      location: 'MESH_INTERNAL',
      resolution: 'STATIC',
      workloadSelector: { labels: { a: 'b' } },
      exportTo: ['.'],
      subjectAltNames: ['a'],
    },
  },
  Gateway: {
    kind: 'Gateway',
    spec: {
      selector: { a: 'b' },
      servers: [
        { port: { number: 80, name: 'a', protocol: 'HTTP' }, hosts: ['*'], tls: { httpsRedirect: true } },
        {
          port: { number: 443, name: 'b', protocol: 'HTTPS' },
          hosts: ['ns/a.example'],
          tls: { mode: 'SIMPLE', credentialName: 'a', cipherSuites: ['AES128-SHA'], minProtocolVersion: 'TLSV1_2' },
        },
      ],
    },
  },
  Telemetry: {
    kind: 'Telemetry',
    spec: {
      selector: { matchLabels: { a: 'b' } },
      accessLogging: [
        { match: { mode: 'CLIENT' }, providers: [{ name: 'envoy' }], filter: { expression: 'response.code >= 400' } },
        { disabled: true },
      ],
      metrics: [
        {
          providers: [{ name: 'prometheus' }],
          overrides: [
            {
              match: { metric: 'REQUEST_COUNT', mode: 'SERVER' },
              disabled: false,
              tagOverrides: { a: { operation: 'REMOVE' }, b: { value: "'c'" } },
            },
          ],
        },
      ],
      tracing: [{ randomSamplingPercentage: 1, customTags: { a: { literal: { value: 'b' } } } }],
    },
  },
  Sidecar: {
    kind: 'Sidecar',
    spec: {
      workloadSelector: { labels: { a: 'b' } },
      ingress: [{ port: { number: 80, protocol: 'HTTP', name: 'a' }, defaultEndpoint: '127.0.0.1:80', bind: '::' }],
      egress: [
        { port: { number: 80, protocol: 'HTTP', name: 'a' }, hosts: ['./a.example', '~b/*'], bind: '0.0.0.0' },
        { hosts: ['*/*'], captureMode: 'DEFAULT' },
      ],
      inboundConnectionPool: { tcp: { maxConnections: 1 } },
      outboundTrafficPolicy: {
        mode: 'ALLOW_ANY',
        egressProxy: { host: 'a.example', port: { number: 80 }, subset: 'v1' },
      },
    },
  },
  'delegated VirtualService': {
    kind: 'VirtualService',
    spec: {
      http: [
        { match: [{ ...match, gateways: ['mesh'] }], route: [{ destination }], timeout: '1s' },
        { match: [{ uri: { exact: '/b' } }], rewrite: { uri: '/c' }, route: [{ destination }] },
      ],
      exportTo: ['.', 'ns'],
    },
  },
  Service: {
    kind: 'Service',
    spec: {
      type: 'ClusterIP',
      clusterIP: 'None',
      ports: [
        { name: 'http', port: 80, targetPort: 'web', protocol: 'TCP' },
        { name: 'db', port: 3306, appProtocol: 'mysql' },
      ],
    },
  },
  Endpoints: {
    kind: 'Endpoints',
    fields: {
      subsets: [
        {
          addresses: [{ ip: '192.0.2.1' }, { ip: '192.0.2.2', hostname: 'b' }],
          notReadyAddresses: [{ ip: '192.0.2.3' }],
          ports: [{ name: 'http', port: 8080, protocol: 'TCP' }],
        },
      ],
    },
  },
  EndpointSlice: {
    kind: 'EndpointSlice',
    labels: { 'kubernetes.io/service-name': 'a' },
    fields: {
      addressType: 'IPv4',
      endpoints: [
        { addresses: ['192.0.2.1'], conditions: { ready: true, serving: true }, zone: 'z' },
        { addresses: ['192.0.2.2'], conditions: { ready: false } },
      ],
      ports: [{ name: 'http', port: 8080, protocol: 'TCP' }, { name: 'any' }],
    },
  },
};

const texts = [
  '*',
  '*.a',
  'a/b',
  '/',
  '(',
  '%',
  '%A%',
  '5s',
  '\r\n',
  '',
  '::1',
  'MUTUAL',
  'TCP',
  '\\',
  '{}',
  'é',
  '\ud800',
];
const keys = ['__proto__', 'constructor', 'toString', '', 'a.b', 'host', 'regex', 'name', 'credentialName', '0'];
export const documentChange = fc.record({
  place: fc.nat(),
  key: fc.constantFrom(undefined, ...keys),
  value: fc.oneof(
    fc.constantFrom(...texts),
    fc.integer({ min: -1, max: 70_000 }),
    fc.constantFrom(true, null, undefined, {}, []),
    fc.string({ unit: 'binary' }),
    fc.jsonValue(),
  ),
});

/** Gives the value at some place another one, or a field more. */
function changed(
  spec: object,
  { place, key, value }: { place: number; key: string | undefined; value: unknown },
): unknown {
  let left = place % size(spec);
  const visit = (node: unknown): unknown => {
    if (left-- === 0) {
      if (key === undefined || typeof node !== 'object' || node === null || Array.isArray(node)) return value;
      return Object.fromEntries([...Object.entries(node), [key, value]]);
    }
    if (Array.isArray(node)) return node.map(visit);
    if (typeof node !== 'object' || node === null) return node;
    return Object.fromEntries(Object.entries(node).map(([name, child]) => [name, visit(child)]));
  };
  return visit(spec);
}

function size(node: unknown): number {
  if (typeof node !== 'object' || node === null) return 1;
  return Object.values(node).reduce((sum: number, child) => sum + size(child), 1);
}

/** As it would be sent. */
export function changedObject(document: Document, changes: readonly DocumentChange[], name = 'a'): Spec {
  const { kind, spec, fields, labels } = document;
  let current: unknown = spec ?? fields;
  for (const one of changes) {
    if (typeof current === 'object' && current !== null) current = changed({ ...current }, one);
  }
  const metadata = { name, namespace: 'shop', ...(labels === undefined ? {} : { labels }) };
  const rest = spec !== undefined ? { spec: current } : typeof current === 'object' ? current : {};
  return { ...rest, apiVersion: `${groups.get(kind) ?? 'networking.istio.io/'}v1`, kind, metadata };
}

const groups = new Map([
  ['Telemetry', 'telemetry.istio.io/'],
  ['Service', ''],
  ['Endpoints', ''],
  ['EndpointSlice', 'discovery.k8s.io/'],
]);

type DocumentChange = typeof documentChange extends fc.Arbitrary<infer T> ? T : never;
