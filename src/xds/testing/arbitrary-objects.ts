// Objects as the store has them, of the kinds that are made into one another before a view sees them: VirtualServices that
// hand on to others, workloads behind ServiceEntries and Services, addresses that somebody wrote. Few names and labels, so that
// objects meet each other often.
import fc from 'fast-check';
import { decodeObject } from '../../api/decode.ts';
import { type KubeObject, keyOf, keyString } from '../../api/object.ts';

const namespaces = ['default', 'other'] as const;
const hosts = ['a.test', 'vm.test', 'web.default.svc.cluster.local', 'db.other.svc.cluster.local'] as const;

function objects(
  kind: string,
  apiVersion: string,
  names: readonly string[],
  fields: fc.Arbitrary<object>,
  metadata: fc.Arbitrary<object> = fc.constant({}),
): fc.Arbitrary<KubeObject> {
  return fc
    .record({
      name: fc.constantFrom(...names),
      namespace: fc.constantFrom(...namespaces),
      createdAt: fc.constantFrom('2026-01-01T00:00:00Z', '2026-01-02T00:00:00Z'),
      fields,
      metadata,
    })
    .map(({ name, namespace, createdAt, fields: own, metadata: more }) => {
      const given = { apiVersion, kind, metadata: { name, namespace, ...more }, ...own };
      const { object, diagnostics } = decodeObject(given);
      if (object === undefined) throw new Error(JSON.stringify([given, diagnostics]));
      return { ...object, metadata: { ...object.metadata, creationTimestamp: createdAt } };
    });
}

const networking = 'networking.istio.io/v1';
const labels = fc.constantFrom({ app: 'db' }, { app: 'web' }, { app: 'db', version: 'v1' });
const addresses = ['192.0.2.1', '192.0.2.2', '2001:db8::1'] as const;
const optional = <T extends object>(arbitrary: fc.Arbitrary<T>) => fc.oneof(fc.constant({}), arbitrary);

const uri = fc.constantFrom({ prefix: '/' }, { prefix: '/a' }, { prefix: '/a/b' }, { exact: '/a' }, { regex: '/a.*' });
const httpMatch = fc.record({ uri, more: optional(fc.constantFrom({ port: 80 }, { sourceLabels: { app: 'echo' } })) });
const matches = fc
  .array(
    httpMatch.map(({ uri: path, more }) => ({ uri: path, ...more })),
    { maxLength: 2 },
  )
  .map((match) => (match.length === 0 ? {} : { match }));
const routed = fc
  .record({ host: fc.constantFrom(...hosts, 'missing.test'), number: fc.constantFrom(80, 3306), matches })
  .map(({ host, number, matches: own }) => ({ ...own, route: [{ destination: { host, port: { number } } }] }));
const handedOn = fc
  .record({
    name: fc.constantFrom('one', 'two', 'three'),
    where: optional(fc.record({ namespace: fc.constantFrom(...namespaces) })),
    matches,
  })
  .map(({ name, where, matches: own }) => ({ ...own, delegate: { name, ...where } }));
const rules = <T>(rule: fc.Arbitrary<T>) => fc.array(rule, { minLength: 1, maxLength: 2 });

/** Named alike with and without hosts: one becomes the other. */
const root = objects(
  'VirtualService',
  networking,
  ['root', 'one'],
  fc
    .record({
      host: fc.constantFrom(...hosts),
      gateways: fc.constantFrom(['mesh'], ['default/gw'], ['mesh', 'default/gw']),
      http: rules(fc.oneof(handedOn, handedOn, routed)),
    })
    .map(({ host, ...rest }) => ({ spec: { hosts: [host], ...rest } })),
);
const delegate = objects(
  'VirtualService',
  networking,
  ['one', 'two', 'three'],
  fc
    .record({ http: rules(routed), visible: optional(fc.constantFrom({ exportTo: ['.'] }, { exportTo: ['other'] })) })
    .map(({ http, visible }) => ({ spec: { http, ...visible } })),
);

const entry = objects(
  'ServiceEntry',
  networking,
  ['one', 'two'],
  fc
    .record({
      host: fc.constantFrom('a.test', 'vm.test'),
      resolution: fc.constantFrom('STATIC', 'DNS'),
      behind: fc.oneof(
        fc.record({ workloadSelector: labels.map((own) => ({ labels: own })) }),
        fc.constant({ endpoints: [{ address: '192.0.2.9', labels: { app: 'db' } }] }),
      ),
      visible: optional(fc.constant({ exportTo: ['.'] })),
    })
    .map(({ host, resolution, behind, visible }) => ({
      spec: { hosts: [host], ports, location: 'MESH_INTERNAL', resolution, ...behind, ...visible },
    })),
);
const ports = [
  { number: 80, name: 'http', protocol: 'HTTP' },
  { number: 3306, name: 'db', protocol: 'TCP' },
];

const workload = objects(
  'WorkloadEntry',
  networking,
  ['vm-1', 'vm-2', 'vm-3'],
  fc
    .record({
      address: fc.constantFrom(...addresses, 'vm.outside.test'),
      labels,
      more: optional(fc.constantFrom({ ports: { http: 8080 } }, { weight: 3 }, { locality: 'near/one' })),
    })
    .map(({ more, ...spec }) => ({ spec: { ...spec, ...more } })),
);

const service = objects(
  'Service',
  'v1',
  ['web', 'db'],
  fc
    .record({
      selector: optional(labels.map((selector) => ({ selector }))),
      address: optional(fc.constantFrom({ clusterIP: 'None' }, { clusterIP: '10.96.0.7' })),
    })
    .map(({ selector, address }) => ({
      spec: {
        ports: [
          { name: 'http', port: 80 },
          { name: 'tcp-db', port: 3306 },
        ],
        ...selector,
        ...address,
      },
    })),
);

const endpointPorts = fc.constantFrom(
  [{ name: 'http', port: 8080 }],
  [
    { name: 'http', port: 8080 },
    { name: 'tcp-db', port: 3307 },
  ],
);
const endpoints = objects(
  'Endpoints',
  'v1',
  ['web', 'db'],
  fc
    .record({ ip: fc.constantFrom(...addresses), ports: endpointPorts })
    .map(({ ip, ports: own }) => ({ subsets: [{ addresses: [{ ip }], ports: own }] })),
);
const slice = objects(
  'EndpointSlice',
  'discovery.k8s.io/v1',
  ['slice-1', 'slice-2'],
  fc
    .record({ ip: fc.constantFrom(...addresses), ready: fc.boolean(), ports: endpointPorts })
    .map(({ ip, ready, ports: own }) => ({
      addressType: ip.includes(':') ? 'IPv6' : 'IPv4',
      endpoints: [{ addresses: [ip], conditions: { ready } }],
      ports: own,
    })),
  fc.constantFrom('web', 'db').map((name) => ({ labels: { 'kubernetes.io/service-name': name } })),
);

const gateway = objects(
  'Gateway',
  networking,
  ['gw'],
  fc.constant({
    spec: {
      selector: { 'gateway-name': 'egress' },
      servers: [{ port: { number: 80, name: 'http', protocol: 'HTTP' }, hosts: ['*'] }],
    },
  }),
);

const pod = objects(
  'Pod',
  'v1',
  ['pod-1', 'pod-2'],
  fc
    .record({
      podIP: fc.constantFrom('10.0.0.1', '10.0.0.2'),
      ready: fc.boolean(),
      more: optional(fc.constantFrom({ serviceAccountName: 'web' }, { hostNetwork: true })),
    })
    .map(({ podIP, ready, more }) => ({
      spec: { containers: [{ name: 'app', command: ['app'] }], ...more },
      status: { phase: 'Running', podIP, containerStatuses: [{ name: 'app', ready }] },
    })),
  labels.map((own) => ({ labels: own })),
);

const mtlsMode = fc.constantFrom('UNSET', 'DISABLE', 'PERMISSIVE', 'STRICT').map((mode) => ({ mode }));
const peerAuthentication = objects(
  'PeerAuthentication',
  'security.istio.io/v1',
  ['one', 'two'],
  fc
    .record({
      mtls: mtlsMode,
      chosen: optional(
        fc
          .record({ own: labels, port: fc.constantFrom(80, 3306), mode: mtlsMode })
          .map(({ own, port, mode }) => ({ selector: { matchLabels: own }, portLevelMtls: { [port]: mode } })),
      ),
    })
    .map(({ mtls, chosen }) => ({ spec: { mtls, ...chosen } })),
);

export const storedObject: fc.Arbitrary<KubeObject> = fc.oneof(
  { arbitrary: root, weight: 4 },
  { arbitrary: delegate, weight: 4 },
  { arbitrary: entry, weight: 3 },
  { arbitrary: workload, weight: 3 },
  { arbitrary: service, weight: 2 },
  { arbitrary: endpoints, weight: 2 },
  { arbitrary: slice, weight: 2 },
  { arbitrary: gateway, weight: 3 },
  { arbitrary: pod, weight: 3 },
  { arbitrary: peerAuthentication, weight: 2 },
);

/** Each name once, as the store would have it. */
export const storedObjects: fc.Arbitrary<readonly KubeObject[]> = fc.uniqueArray(storedObject, {
  minLength: 4,
  maxLength: 16,
  selector: (object) => keyString(keyOf(object)),
});
