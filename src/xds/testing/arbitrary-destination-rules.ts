// DestinationRules for properties of views: TLS, balancing, subsets, settings of one port.
import fc from 'fast-check';
import type { DestinationRule, Subset } from '../../mesh/destination-rule.ts';
import type { HashKey, LoadBalancer, LocalitySetting } from '../../mesh/load-balancer.ts';
import { type ClientTls, emptyTrafficPolicy } from '../../mesh/traffic-policy.ts';
import { visibilityOf } from '../../mesh/visibility.ts';
import { exportTo, hosts, origin, selector } from './arbitrary-names.ts';

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

export const destinationRule: fc.Arbitrary<DestinationRule> = fc
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
