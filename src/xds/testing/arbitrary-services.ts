// Services for properties of views: of every resolution, with ports of every protocol, near and far.
import fc from 'fast-check';
import type { Protocol } from '../../api/protocol.ts';
import type { Endpoint, Resolution, Service } from '../../mesh/service.ts';
import { visibilityOf } from '../../mesh/visibility.ts';
import { exportTo, hosts, origin } from './arbitrary-names.ts';

const portNumbers = [80, 443, 3306, 8080] as const;

const port = fc.record({
  number: fc.constantFrom(...portNumbers),
  name: fc.constant('p'),
  protocol: fc.constantFrom<Protocol>('HTTP', 'GRPC', 'TLS', 'HTTPS', 'TCP', 'auto', 'UDP'),
});

export const nearAndFar: readonly Endpoint[] = ['near/one', 'near/two', 'far/one'].map((locality, index) => ({
  address: `198.51.100.${index}`,
  ports: new Map(),
  labels: { version: `v${index}` },
  locality,
}));
const endpoint: Endpoint = { address: '192.0.2.9', ports: new Map(), labels: {}, weight: 0, onlyNamedPorts: false };

export const service: fc.Arbitrary<Service> = fc
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
    // As every Service has it.
    ...(rest.source === 'Service' && rest.host === 'web.other.svc.cluster.local' ? { aliases: ['web.other'] } : {}),
    localAliases: [],
    visibility: visibilityOf(exported, rest.namespace),
    external: rest.source === 'ServiceEntry',
    ...(rest.addresses.includes('240.240.0.1') ? { autoAllocated: true } : {}),
    subjectAltNames: [],
    ...(workloads === undefined ? {} : { workloads }),
    trustOriginalDestination: false,
    raceFirstConnect: false,
  }));
