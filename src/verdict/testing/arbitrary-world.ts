// Random configurations for holding verdicts against live Envoys: few hosts and workloads, so that objects meet each other often,
// and of each kind what decides where something goes.
import fc from 'fast-check';

type Document = Readonly<Record<string, unknown>>;

/** Objects as they would be applied; those of the case before are gone. */
export type WorldObjects = readonly Document[];

/** Workloads: `web` and `pay` of default, `far` of other; `srv` of default serves HTTP behind a Service. */
const labels = { app: 'web' } as const;
const service = 'srv.default.svc.cluster.local';
const gatewayHost = 'egress.default.svc.cluster.local';
const networking = 'networking.istio.io/v1';
const security = 'security.istio.io/v1';

function object(apiVersion: string, kind: string, name: string, spec: Document, metadata: Document = {}): Document {
  return { apiVersion, kind, metadata: { name, namespace: 'default', ...metadata }, spec };
}

const some = <T>(arbitrary: fc.Arbitrary<T>, weight = 2): fc.Arbitrary<readonly T[]> =>
  fc.oneof({ arbitrary: fc.constant([]), weight: 2 }, { arbitrary: arbitrary.map((one) => [one]), weight });

const mode = fc
  .constantFrom('ALLOW_ANY', 'REGISTRY_ONLY', 'REGISTRY_ONLY')
  .map((own) =>
    object(
      'istio.banzaicloud.io/v1beta1',
      'Istio',
      'mesh',
      { version: '1.4.9', outboundTrafficPolicy: { mode: own } },
      { namespace: 'istio-system' },
    ),
  );

const port = {
  http: { number: 80, name: 'http', protocol: 'HTTP' },
  other: { number: 8080, name: 'http-other', protocol: 'HTTP' },
  tls: { number: 443, name: 'tls', protocol: 'TLS' },
  any: { number: 8080, name: 'any' },
} as const;
const ports = fc.constantFrom(
  [port.http],
  [port.tls],
  [port.http, port.tls],
  [port.http, port.other, port.tls],
  [port.http, port.any],
);
const exportTo = fc.constantFrom({}, {}, { exportTo: ['.'] }, { exportTo: ['other'] });
const within = fc.constantFrom({}, {}, {}, { namespace: 'other' });

const entry = (name: string, host: string) =>
  fc
    .record({ ports, exportTo, within })
    .map((own) =>
      object(
        networking,
        'ServiceEntry',
        name,
        { hosts: [host], ports: own.ports, resolution: 'DNS', ...own.exportTo },
        own.within,
      ),
    );
const wildcard = ports.map((own) =>
  object(networking, 'ServiceEntry', 'wild', { hosts: ['*.wild.test'], ports: own, resolution: 'DYNAMIC_DNS' }),
);
const database = exportTo.map((own) =>
  object(networking, 'ServiceEntry', 'db', {
    hosts: ['db.test'],
    ports: [{ number: 5432, name: 'tcp', protocol: 'TCP' }],
    resolution: 'DNS',
    ...own,
  }),
);

const to = (host: string, number = 80) => ({ destination: { host, port: { number } } });
const action = fc.constantFrom<Document>(
  { route: [to('a.test')] },
  { route: [to('b.test')] },
  { route: [to('b.test')], rewrite: { uri: '/v2' } },
  { route: [to('missing.test')] },
  {
    route: [
      { ...to('a.test'), weight: 50 },
      { ...to('b.test'), weight: 50 },
    ],
  },
  { redirect: { authority: 'b.test', redirectCode: 302 } },
  { directResponse: { status: 418 } },
  { fault: { abort: { httpStatus: 503, percentage: { value: 100 } } }, route: [to('a.test')] },
  { route: [to(gatewayHost)] },
  { route: [to(service)] },
);
const match = fc.constantFrom<Document>(
  {},
  {},
  { match: [{ uri: { prefix: '/v1' } }] },
  { match: [{ uri: { regex: '/v[0-9]+/.*' } }] },
  { match: [{ method: { exact: 'POST' } }] },
  { match: [{ headers: { 'x-team': { exact: 'pay' } } }] },
  { match: [{ withoutHeaders: { 'x-team': {} } }] },
  { match: [{ sourceLabels: labels }] },
  { match: [{ queryParams: { q: { exact: '1' } } }] },
);
const rule = fc.record({ match, action }).map((own) => ({ ...own.match, ...own.action }));
const inMesh = fc
  .array(rule, { minLength: 1, maxLength: 3 })
  .map((http) => object(networking, 'VirtualService', 'routed', { hosts: ['a.test'], http }));

const servers = fc.constantFrom<readonly Document[]>(
  [{ port: { number: 80, name: 'http', protocol: 'HTTP' }, hosts: ['a.test'] }],
  [{ port: { number: 80, name: 'http', protocol: 'HTTP' }, hosts: ['*'] }],
  [{ port: { number: 80, name: 'http', protocol: 'HTTP' }, hosts: ['b.test'] }],
  [{ port: { number: 80, name: 'https', protocol: 'HTTPS' }, hosts: ['a.test'], tls: { mode: 'ISTIO_MUTUAL' } }],
);
const passing = {
  port: { number: 443, name: 'tls', protocol: 'TLS' },
  hosts: ['a.test'],
  tls: { mode: 'PASSTHROUGH' },
};
const toGateway = object(networking, 'DestinationRule', 'egress', {
  host: gatewayHost,
  trafficPolicy: { portLevelSettings: [{ port: { number: 80 }, tls: { mode: 'ISTIO_MUTUAL' } }] },
});
const throughGateway = fc
  .record({ servers, mutual: some(fc.constant(toGateway)), tls: fc.boolean(), far: match })
  .map(({ servers: own, mutual, tls, far }) => [
    object(networking, 'Gateway', 'egress', {
      selector: { 'gateway-name': 'egress' },
      servers: tls ? [...own, passing] : own,
    }),
    ...mutual,
    object(networking, 'VirtualService', 'through', {
      hosts: ['a.test'],
      gateways: ['mesh', 'egress'],
      http: [
        { match: [{ gateways: ['mesh'], port: 80 }], route: [to(gatewayHost)] },
        { ...withGateway(far), route: [to('a.test')] },
      ],
      ...(tls
        ? {
            tls: [
              { match: [{ gateways: ['mesh'], port: 443, sniHosts: ['a.test'] }], route: [to(gatewayHost, 443)] },
              { match: [{ gateways: ['egress'], port: 443, sniHosts: ['a.test'] }], route: [to('a.test', 443)] },
            ],
          }
        : {}),
    }),
  ]);

function withGateway({ match: own = [{}] }: Document): Document {
  const matches = Array.isArray(own) ? own : [{}];
  return {
    match: matches.map(({ sourceLabels: _, ...rest }: Document) => ({ ...rest, gateways: ['egress'], port: 80 })),
  };
}

/** Requests to its port 80 leave in TLS. */
const originated = [
  object(networking, 'ServiceEntry', 'b', {
    hosts: ['b.test'],
    ports: [{ ...port.http, targetPort: 443 }],
    resolution: 'DNS',
  }),
  object(networking, 'DestinationRule', 'tls', {
    host: 'b.test',
    trafficPolicy: { portLevelSettings: [{ port: { number: 80 }, tls: { mode: 'SIMPLE', insecureSkipVerify: true } }] },
  }),
];

const sidecar = fc
  .record({
    hosts: fc.constantFrom(['*/*'], ['./*'], ['*/b.test', 'default/*.svc.cluster.local'], ['istio-system/*']),
    who: fc.constantFrom({}, { workloadSelector: { labels } }),
    policy: fc.constantFrom(
      {},
      {},
      { outboundTrafficPolicy: { mode: 'ALLOW_ANY' } },
      { outboundTrafficPolicy: { mode: 'REGISTRY_ONLY' } },
    ),
  })
  .map(({ hosts, who, policy }) => object(networking, 'Sidecar', 'own', { egress: [{ hosts }], ...who, ...policy }));

const policy = fc
  .record({
    hosts: fc.constantFrom(['a.test'], ['b.test'], ['*.wild.test'], ['a.test', 'db.test']),
    from: fc.constantFrom<Document>(
      {},
      { from: [{ selector: { matchLabels: labels } }] },
      { from: [{ serviceAccounts: ['pay'] }] },
      { from: [{ namespaces: ['default'] }] },
    ),
    requests: fc.constantFrom<Document>({}, {}, { paths: ['/v1/*'] }, { methods: ['GET'] }),
    how: fc.constantFrom<Document>({}, {}, { mode: 'report' }, { gateway: 'default/egress' }),
    ports: fc.constantFrom<Document>(
      {},
      { ports: [{ number: 80, protocol: 'HTTP' }] },
      { ports: [{ number: 5432, protocol: 'TCP' }] },
    ),
  })
  .map(({ hosts, from, requests, how, ports: own }) =>
    object('egress.sallyport.dev/v1alpha1', 'EgressPolicy', 'policy', { hosts, ...from, ...requests, ...how, ...own }),
  );

const operation = fc.constantFrom<Document>(
  { hosts: ['a.test'] },
  { hosts: ['*.test'] },
  { ports: ['80'] },
  { paths: ['/v1/*'] },
  { methods: ['POST'] },
  { notHosts: ['b.test'] },
);
const leaving = fc
  .record({ operation, action: fc.constantFrom('ALLOW', 'DENY') })
  .map((own) =>
    object(
      security,
      'AuthorizationPolicy',
      'leaving',
      { action: own.action, rules: [{ to: [{ operation: own.operation }] }] },
      { annotations: { 'egress.sallyport.dev/bound-to': 'outbound' } },
    ),
  );
const entering = fc
  .record({
    who: fc.constantFrom(
      { selector: { matchLabels: { app: 'srv' } } },
      { selector: { matchLabels: { 'gateway-name': 'egress' } } },
    ),
    from: fc.constantFrom<Document>(
      { from: [{ source: { principals: ['cluster.local/ns/default/sa/pay'] } }] },
      { from: [{ source: { namespaces: ['default'] } }] },
      { to: [{ operation: { paths: ['/v1/*'] } }] },
    ),
    action: fc.constantFrom('ALLOW', 'DENY'),
  })
  .map(({ who, from, action: own }) =>
    object(security, 'AuthorizationPolicy', 'entering', { ...who, action: own, rules: [from] }),
  );
const strict = fc
  .constantFrom('STRICT', 'DISABLE', 'PERMISSIVE')
  .map((own) => object(security, 'PeerAuthentication', 'own', { mtls: { mode: own } }));

export const worldObjects: fc.Arbitrary<WorldObjects> = fc
  .record({
    mode,
    a: some(entry('a', 'a.test'), 6),
    b: fc.oneof({ arbitrary: some(entry('b', 'b.test'), 6), weight: 3 }, fc.constant(originated)),
    wild: some(wildcard),
    db: some(database, 4),
    routing: fc.oneof(some(inMesh, 3), throughGateway),
    sidecar: some(sidecar, 1),
    policy: some(policy),
    leaving: some(leaving, 1),
    entering: some(entering, 1),
    strict: some(strict, 1),
  })
  .map(({ mode: own, ...rest }) => [own, ...Object.values(rest).flat()]);
