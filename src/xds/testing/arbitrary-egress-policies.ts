// EgressPolicies for properties of views: of every mode, over and not, for some of the proxies that are looked at or for none,
// with and without a gateway; their hosts may be registered or not.
import fc from 'fast-check';
import type { Protocol } from '../../api/protocol.ts';
import type { EgressPolicy, PolicySource } from '../../mesh/egress-policy/egress-policy.ts';
import { hosts, origin } from './arbitrary-names.ts';

const nobody: PolicySource = { selector: undefined, serviceAccounts: undefined, namespaces: undefined };

const source: fc.Arbitrary<PolicySource> = fc.constantFrom(
  { ...nobody, selector: new Map([['app', 'echo']]) },
  { ...nobody, selector: new Map([['app', 'nobody']]) },
  { ...nobody, serviceAccounts: ['default'] },
  { ...nobody, namespaces: ['default'] },
);

const outside = hosts.filter((host) => host.endsWith('.test'));

export const egressPolicy: fc.Arbitrary<EgressPolicy> = fc
  .record({
    ...origin,
    namespace: fc.constantFrom('default', 'default', 'istio-system', 'other'),
    sources: fc.constantFrom(undefined, 'some'),
    from: fc.array(source, { maxLength: 2 }),
    hosts: fc.uniqueArray(fc.constantFrom(...outside), { minLength: 1, maxLength: 2 }),
    ports: fc.uniqueArray(fc.constantFrom<readonly [number, Protocol]>([80, 'HTTP'], [443, 'TLS'], [8080, 'HTTP']), {
      minLength: 1,
      maxLength: 2,
      selector: ([number]) => number,
    }),
    requests: fc.constantFrom(
      undefined,
      { methods: ['GET'], paths: undefined },
      { methods: undefined, paths: ['/a/*'] },
    ),
    mode: fc.constantFrom<EgressPolicy['mode']>('open', 'report', 'enforce', 'enforce'),
    gateway: fc.constantFrom(undefined, { namespace: 'default', name: 'egress' }),
    expired: fc.boolean(),
  })
  .map(({ sources, from, ports, ...rest }) => ({
    ...rest,
    meshWide: rest.namespace === 'istio-system',
    sources: sources === undefined ? undefined : from,
    ports: new Map(ports),
  }));
