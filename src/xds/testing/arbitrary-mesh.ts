// Meshes for properties of views: few hosts, namespaces and ports, so that objects meet each other often.
import fc from 'fast-check';
import type { Protocol } from '../../api/protocol.ts';
import type { AuthorizationPolicy, Condition } from '../../mesh/authorization-policy.ts';
import type { DestinationRule, Subset } from '../../mesh/destination-rule.ts';
import type { Gateway } from '../../mesh/gateway.ts';
import type { HashKey, LoadBalancer, LocalitySetting } from '../../mesh/load-balancer.ts';
import { type Change, emptyMesh, type Mesh, type MeshChange, updateMesh } from '../../mesh/mesh.ts';
import type { OutboundTrafficPolicy } from '../../mesh/mesh-config.ts';
import type { Endpoint, Resolution, Service } from '../../mesh/service.ts';
import type { Sidecar } from '../../mesh/sidecar.ts';
import type { Telemetry } from '../../mesh/telemetry.ts';
import { type ClientTls, emptyTrafficPolicy } from '../../mesh/traffic-policy.ts';
import type { HeaderOperations, HttpMatch, SourceMatch, VirtualService } from '../../mesh/virtual-service.ts';
import { visibilityOf } from '../../mesh/visibility.ts';

const namespaces = ['default', 'other', 'third', 'istio-system'] as const;
const hosts = [
  'a.test',
  'b.test',
  'c.wild.test',
  '*.wild.test',
  'web',
  'web.other',
  'web.other.svc.cluster.local',
] as const;
const portNumbers = [80, 443, 3306, 8080] as const;

const origin = {
  namespace: fc.constantFrom(...namespaces),
  name: fc.constantFrom('one', 'two', 'three', 'four'),
  createdAt: fc.constantFrom('2026-01-01T00:00:00Z', '2026-01-02T00:00:00Z'),
};

const exportTo = fc.constantFrom(['*'], ['.'], ['other']);

const port = fc.record({
  number: fc.constantFrom(...portNumbers),
  name: fc.constant('p'),
  protocol: fc.constantFrom<Protocol>('HTTP', 'GRPC', 'TLS', 'HTTPS', 'TCP', 'auto', 'UDP'),
});

const nearAndFar: readonly Endpoint[] = ['near/one', 'near/two', 'far/one'].map((locality, index) => ({
  address: `198.51.100.${index}`,
  ports: new Map(),
  labels: { version: `v${index}` },
  locality,
}));
const endpoint: Endpoint = { address: '192.0.2.9', ports: new Map(), labels: {}, weight: 0, onlyNamedPorts: false };

const service: fc.Arbitrary<Service> = fc
  .record({
    ...origin,
    host: fc.constantFrom(...hosts),
    source: fc.constantFrom<Service['source']>('ServiceEntry', 'Service'),
    exportTo,
    resolution: fc.constantFrom<Resolution>('NONE', 'STATIC', 'DNS', 'DYNAMIC_DNS', 'CLUSTER_IP'),
    addresses: fc.constantFrom<readonly string[]>(
      [],
      ['192.0.2.1'],
      ['192.0.2.0/24'],
      ['192.0.2.1', '192.0.2.2'],
      ['240.240.0.1'],
    ),
    endpoints: fc.constantFrom<readonly Endpoint[]>(
      [],
      nearAndFar,
      [endpoint],
      [endpoint, { ...endpoint, ports: new Map([['q', 1]]) }],
    ),
    ports: fc.uniqueArray(port, { minLength: 1, maxLength: 3, selector: ({ number }) => number }),
    aliases: fc.constantFrom([], ['web'], ['web.other']),
    workloads: fc.constantFrom(undefined, new Map([['gateway-name', 'egress']])),
  })
  .map(({ exportTo: exported, workloads, ...rest }) => ({
    ...rest,
    localAliases: [],
    visibility: visibilityOf(exported, rest.namespace),
    external: rest.source === 'ServiceEntry',
    ...(rest.addresses.includes('240.240.0.1') ? { autoAllocated: true } : {}),
    subjectAltNames: [],
    ...(workloads === undefined ? {} : { workloads }),
    trustOriginalDestination: false,
    raceFirstConnect: false,
  }));

const selector = fc.constantFrom(undefined, new Map([['app', 'echo']]), new Map([['app', 'nobody']]));
const gatewayNames = fc.constantFrom(undefined, ['mesh'], ['default/one'], ['mesh', 'default/one']);

const source: fc.Arbitrary<SourceMatch> = fc.record({
  gateways: gatewayNames,
  port: fc.constantFrom(undefined, 80, 443),
  sourceLabels: selector,
  sourceNamespace: fc.constantFrom(undefined, 'default', 'other'),
});

const noHeaders: HeaderOperations = {
  request: { set: [], add: [], remove: [], authority: undefined },
  response: { set: [], add: [], remove: [], authority: undefined },
};

const destination = fc.record({
  host: fc.constantFrom(...hosts, 'missing.test'),
  port: fc.constantFrom(undefined, 80, 443),
  subset: fc.constantFrom('', '', 'v1'),
});

const destinations = fc.array(fc.record({ destination, weight: fc.constantFrom(0, 1, 50) }), {
  minLength: 1,
  maxLength: 2,
});

const destinationSubnets = fc.constantFrom([], [], ['192.0.2.0/24'], ['192.0.2.1/32', '10.0.0.0/8']);

const httpMatch: fc.Arbitrary<HttpMatch> = fc
  .record({ source, uri: fc.constantFrom(undefined, '/', '/a'), method: fc.constantFrom(undefined, 'GET') })
  .map(({ source: from, uri, method }) => ({
    ...from,
    name: '',
    uri: uri === undefined ? undefined : { kind: 'prefix', value: uri },
    ignoreUriCase: false,
    scheme: undefined,
    method: method === undefined ? undefined : { kind: 'exact', value: method },
    authority: undefined,
    headers: [],
    withoutHeaders: [],
    queryParams: [],
  }));

const httpRule = fc
  .record({
    matches: fc.array(httpMatch, { maxLength: 2 }),
    to: destinations,
    mirrors: fc.array(fc.record({ destination, percent: fc.constantFrom(1, 100) }), { maxLength: 1 }),
    keepsAuthority: fc.boolean(),
  })
  .map(({ to, ...rest }): VirtualService['http'][number] => ({
    ...rest,
    name: '0',
    action: { kind: 'route', destinations: to.map((one) => ({ ...one, headers: noHeaders })) },
    rewrite: undefined,
    headers: noHeaders,
    timeoutMs: undefined,
    retries: undefined,
    fault: undefined,
    cors: undefined,
  }));

const virtualService: fc.Arbitrary<VirtualService> = fc
  .record({
    ...origin,
    exportTo,
    hosts: fc.uniqueArray(fc.constantFrom(...hosts), { minLength: 1, maxLength: 2 }),
    gateways: fc.constantFrom(['mesh'], ['default/one'], ['mesh', 'default/one']),
    http: fc.array(httpRule, { maxLength: 2 }),
    tls: fc.array(
      fc
        .record({
          matches: fc.array(
            fc
              .record({ source, sni: fc.constantFrom('a.test', 'c.wild.test', '*.wild.test'), destinationSubnets })
              .map(({ source: from, sni, ...rest }) => ({ ...from, ...rest, sniHosts: [sni] })),
            { minLength: 1, maxLength: 2 },
          ),
          destinations,
        })
        .map(({ matches, destinations: to }) => ({
          matches,
          destinations: to,
        })),
      { maxLength: 2 },
    ),
    tcp: fc.array(
      fc.record({
        matches: fc.array(
          fc.record({ source, destinationSubnets }).map(({ source: from, ...rest }) => ({ ...from, ...rest })),
          { maxLength: 1 },
        ),
        destinations,
      }),
      { maxLength: 2 },
    ),
  })
  .map(({ exportTo: exported, ...rest }) => ({
    ...rest,
    delegates: [],
    visibility: visibilityOf(exported, rest.namespace),
  }));

const tls: fc.Arbitrary<ClientTls | undefined> = fc.constantFrom(undefined, 'SIMPLE', 'MUTUAL').map((mode) =>
  mode === undefined
    ? undefined
    : {
        mode: mode === 'SIMPLE' ? 'SIMPLE' : 'MUTUAL',
        sni: undefined,
        subjectAltNames: [],
        caCertificates: undefined,
        caCrl: undefined,
        clientCertificate: undefined,
        privateKey: undefined,
        credentialName: mode === 'MUTUAL' ? 'client' : undefined,
        insecureSkipVerify: false,
      },
);

const subsets = fc.constantFrom<readonly Subset[]>(
  [],
  [{ name: 'v1', labels: new Map(), policy: emptyTrafficPolicy, ports: new Map() }],
);

const locality: LocalitySetting = { enabled: true, distribute: [], failover: new Map(), failoverPriority: [] };
const byLocality = (setting: Partial<LocalitySetting>): LoadBalancer => ({
  simple: undefined,
  consistentHash: undefined,
  warmup: undefined,
  locality: { ...locality, ...setting },
});

const byHash = (key: HashKey): LoadBalancer => ({
  simple: undefined,
  consistentHash: { key, algorithm: { kind: 'ring', minimumSize: undefined } },
  warmup: undefined,
  locality: undefined,
});

const loadBalancer = fc.constantFrom<LoadBalancer | undefined>(
  undefined,
  byHash({ kind: 'header', name: 'x-user' }),
  byHash({ kind: 'source' }),
  { ...byHash({ kind: 'source' }), consistentHash: undefined, simple: 'PASSTHROUGH' },
  byLocality({
    distribute: [
      {
        from: 'near/*',
        to: new Map([
          ['near/*', 70],
          ['far/*', 30],
        ]),
      },
    ],
  }),
  byLocality({ failover: new Map([['near', 'far']]) }),
  byLocality({ failoverPriority: ['version=v2', 'app'] }),
);

const blocks = fc.record({
  outlierDetection: fc.constantFrom(undefined, {}),
  tls,
  loadBalancer,
  tunnel: fc.constantFrom(undefined, undefined, { method: 'CONNECT' as const, host: 'far.test', port: 443 }),
  proxyProtocol: fc.constantFrom(undefined, undefined, 'V1' as const),
});

const destinationRule: fc.Arbitrary<DestinationRule> = fc
  .record({
    ...origin,
    exportTo,
    host: fc.constantFrom(...hosts),
    workloadSelector: selector,
    blocks,
    ofPort: fc.option(blocks, { nil: undefined }),
    subsets,
    trustOriginalDestination: fc.boolean(),
  })
  .map(({ exportTo: exported, blocks: own, ofPort, ...rest }) => ({
    ...rest,
    visibility: visibilityOf(exported, rest.namespace),
    policy: { ...emptyTrafficPolicy, ...own },
    ports: ofPort === undefined ? new Map() : new Map([[80, { ...emptyTrafficPolicy, ...ofPort }]]),
  }));

const gateway: fc.Arbitrary<Gateway> = fc
  .record({
    ...origin,
    selected: fc.boolean(),
    servers: fc.array(
      fc.record({
        number: fc.constantFrom(80, 443, 8080),
        protocol: fc.constantFrom<Protocol>('HTTP', 'TLS', 'HTTPS', 'TCP'),
        host: fc.constantFrom('*', 'a.test', '*.wild.test'),
        allowed: fc.constantFrom(undefined, undefined, 'other'),
        mode: fc.constantFrom('PASSTHROUGH', 'SIMPLE', 'MUTUAL'),
        httpsRedirect: fc.boolean(),
        bind: fc.constantFrom(undefined, undefined, '192.0.2.1'),
      }),
      { minLength: 1, maxLength: 2 },
    ),
  })
  .map(({ selected, servers, ...rest }) => ({
    ...rest,
    selector: new Map([['gateway-name', selected ? 'egress' : 'another']]),
    servers: servers.map(({ number, protocol, host, allowed, mode, httpsRedirect, bind }, index) => ({
      name: '',
      port: { number, name: `p${index}`, protocol },
      bind,
      hosts: [{ namespace: allowed, host }],
      httpsRedirect: protocol === 'HTTP' && httpsRedirect,
      tls:
        protocol === 'HTTP' || protocol === 'TCP'
          ? undefined
          : {
              mode: mode === 'SIMPLE' ? 'SIMPLE' : mode === 'MUTUAL' ? 'MUTUAL' : 'PASSTHROUGH',
              certificates: [{ credentialName: 'server' }],
              callerRoots: { credentialName: 'server' },
              subjectAltNames: [],
              certificateHashes: [],
              certificateSpki: [],
              minVersion: undefined,
              maxVersion: undefined,
              cipherSuites: [],
            },
    })),
  }));

const egressHost = fc.record({
  namespace: fc.constantFrom('*', '.', 'other', 'third'),
  host: fc.constantFrom('*', ...hosts),
  excluded: fc.constantFrom(false, false, true),
});

const sidecar: fc.Arbitrary<Sidecar> = fc.record({
  ...origin,
  namespace: fc.constantFrom('default', 'istio-system', 'other'),
  workloadSelector: selector,
  egress: fc.oneof(
    fc.constant([]),
    fc.uniqueArray(
      fc.record({
        port: fc.constantFrom(undefined, 80, 443),
        hosts: fc.array(egressHost, { minLength: 1, maxLength: 3 }),
      }),
      { maxLength: 2, selector: ({ port: number }) => number },
    ),
  ),
  outboundTrafficPolicy: fc.constantFrom(
    undefined,
    { mode: 'REGISTRY_ONLY', egressProxy: undefined },
    { mode: 'ALLOW_ANY', egressProxy: undefined },
    { mode: 'ALLOW_ANY', egressProxy: { host: 'b.test', port: 8080, subset: '' } },
  ),
});

const telemetry: fc.Arbitrary<Telemetry> = fc.record({
  ...origin,
  namespace: fc.constantFrom('default', 'istio-system', 'other'),
  workloadSelector: selector,
  isForOthers: fc.constantFrom(false, false, true),
  accessLogging: fc.array(
    fc.record({
      modes: fc.constantFrom<Telemetry['accessLogging'][number]['modes']>(['CLIENT'], ['SERVER'], ['CLIENT', 'SERVER']),
      isOurs: fc.constantFrom(undefined, true, false),
      disabled: fc.boolean(),
      filter: fc.constantFrom(undefined, 'response.code >= 400'),
    }),
    { maxLength: 2 },
  ),
  metrics: fc.constant([]),
});

const askedFor: readonly (readonly [Condition['attribute'], string])[] = [
  ['source.principal', 'cluster.local/ns/default/sa/*'],
  ['source.namespace', 'default'],
  ['source.ip', '192.0.2.0/24'],
  ['request.host', 'a.test'],
  ['request.host', '*.wild.test'],
  ['request.method', 'GET'],
  ['request.path', '/a/*'],
  ['destination.port', '443'],
  ['destination.ip', '192.0.2.1'],
  ['connection.sni', '*.test'],
  ['token', 'a'],
];

const condition: fc.Arbitrary<Condition> = fc
  .record({
    asked: fc.constantFrom(...askedFor),
    excepted: fc.boolean(),
  })
  .map(({ asked: [attribute, value], excepted }) => ({
    attribute,
    values: excepted ? [] : [value],
    notValues: excepted ? [value] : [],
  }));

const conditions = fc.array(condition, { maxLength: 2 });
const alternatives = fc.array(conditions, { maxLength: 2 });

const authorizationPolicy: fc.Arbitrary<AuthorizationPolicy> = fc.record({
  ...origin,
  namespace: fc.constantFrom('default', 'istio-system', 'other'),
  workloadSelector: selector,
  action: fc.constantFrom('ALLOW', 'DENY'),
  boundTo: fc.constantFrom('inbound', 'outbound'),
  rules: fc.array(fc.record({ sources: alternatives, operations: alternatives, conditions }), { maxLength: 2 }),
});

/** Objects of one mesh; of each kind at most one for each name, as the store would have it. */
export interface MeshContents {
  readonly services: readonly Service[];
  readonly virtualServices: readonly VirtualService[];
  readonly destinationRules: readonly DestinationRule[];
  readonly gateways: readonly Gateway[];
  readonly sidecars: readonly Sidecar[];
  readonly telemetries: readonly Telemetry[];
  readonly authorizationPolicies: readonly AuthorizationPolicy[];
  /** One for each Namespace. */
  readonly grants: readonly Grant[];
}

interface Grant {
  readonly namespace: string;
  readonly hosts: readonly string[];
}

const grant: fc.Arbitrary<Grant> = fc.record({
  namespace: fc.constantFrom(...namespaces),
  hosts: fc.uniqueArray(fc.constantFrom('*', ...hosts), { minLength: 1, maxLength: 2 }),
});

function named<T extends { readonly namespace: string; readonly name: string }>(arbitrary: fc.Arbitrary<T>) {
  return fc.uniqueArray(arbitrary, { maxLength: 4, selector: ({ namespace, name }) => `${namespace} ${name}` });
}

export const meshContents: fc.Arbitrary<MeshContents> = fc.record({
  services: fc.uniqueArray(service, {
    maxLength: 8,
    selector: ({ source: kind, namespace, name, host }) => `${kind} ${namespace} ${name} ${host}`,
  }),
  virtualServices: named(virtualService),
  destinationRules: named(destinationRule),
  gateways: named(gateway),
  sidecars: fc.oneof(fc.constant([]), named(sidecar)),
  telemetries: fc.oneof(fc.constant([]), named(telemetry)),
  authorizationPolicies: fc.oneof(fc.constant([]), named(authorizationPolicy)),
  grants: fc.oneof(fc.constant([]), fc.uniqueArray(grant, { maxLength: 2, selector: ({ namespace }) => namespace })),
});

export const trafficPolicy: fc.Arbitrary<OutboundTrafficPolicy> = fc.constantFrom('ALLOW_ANY', 'REGISTRY_ONLY');

export function meshOf(contents: MeshContents, outboundTrafficPolicy: OutboundTrafficPolicy): Mesh {
  return additions(contents).reduce(
    (mesh, change) => updateMesh(mesh, { ...change, config: { ...emptyMesh.config, outboundTrafficPolicy } }).mesh,
    updateMesh(emptyMesh, { config: { ...emptyMesh.config, outboundTrafficPolicy } }).mesh,
  );
}

/** One change for each object: it comes. */
export function additions(contents: MeshContents): readonly MeshChange[] {
  return replacements(nothing, contents);
}

/** One change for each object: it goes. */
export function removals(contents: MeshContents): readonly MeshChange[] {
  return replacements(contents, nothing);
}

/** One change for each object: it becomes another, while there are others; what is left comes or goes. */
export function replacements(from: MeshContents, to: MeshContents): readonly MeshChange[] {
  return [
    ...changes(from.services, to.services).map((change) => ({ services: [change] })),
    ...changes(from.virtualServices, to.virtualServices).map((change) => ({ virtualServices: [change] })),
    ...changes(from.destinationRules, to.destinationRules).map((change) => ({ destinationRules: [change] })),
    ...changes(from.gateways, to.gateways).map((change) => ({ gateways: [change] })),
    ...changes(from.sidecars, to.sidecars).map((change) => ({ sidecars: [change] })),
    ...changes(from.telemetries, to.telemetries).map((change) => ({ telemetries: [change] })),
    ...changes(from.authorizationPolicies, to.authorizationPolicies).map((change) => ({
      authorizationPolicies: [change],
    })),
    ...changes(from.grants, to.grants).map(({ before, after }) => ({ grants: grantsOf(before, after) })),
  ];
}

function grantsOf(before: readonly Grant[], after: readonly Grant[]): NonNullable<MeshChange['grants']> {
  return new Map<string, readonly string[] | undefined>([
    ...before.map(({ namespace }) => [namespace, undefined] as const),
    ...after.map(({ namespace, hosts: granted }) => [namespace, granted] as const),
  ]);
}

/** The same contents, but for one service: who is behind it, or its ports. */
export function varied(contents: MeshContents, part: 'endpoints' | 'ports'): MeshContents {
  const [one, ...others] = contents.services;
  if (one === undefined) return contents;
  const endpoints = one.endpoints.length === 0 ? nearAndFar : one.endpoints.slice(1);
  const ports: Service['ports'] = [{ number: 8080, name: 'p', protocol: 'HTTP' }];
  return { ...contents, services: [part === 'ports' ? { ...one, ports } : { ...one, endpoints }, ...others] };
}

const nothing: MeshContents = {
  services: [],
  virtualServices: [],
  destinationRules: [],
  gateways: [],
  sidecars: [],
  telemetries: [],
  authorizationPolicies: [],
  grants: [],
};

function changes<T>(from: readonly T[], to: readonly T[]): readonly Change<T>[] {
  return Array.from({ length: Math.max(from.length, to.length) }, (_, index) => index)
    .filter((index) => from[index] !== to[index])
    .map((index) => ({ before: from.slice(index, index + 1), after: to.slice(index, index + 1) }));
}

export function reversed(contents: MeshContents): MeshContents {
  const { services, virtualServices, destinationRules, gateways } = contents;
  const { sidecars, telemetries, authorizationPolicies, grants } = contents;
  return {
    services: services.toReversed(),
    virtualServices: virtualServices.toReversed(),
    destinationRules: destinationRules.toReversed(),
    gateways: gateways.toReversed(),
    sidecars: sidecars.toReversed(),
    telemetries: telemetries.toReversed(),
    authorizationPolicies: authorizationPolicies.toReversed(),
    grants: grants.toReversed(),
  };
}
