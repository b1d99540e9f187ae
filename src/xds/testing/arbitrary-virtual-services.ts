// VirtualServices for properties of views: rules of all three kinds, which may lead to what is not there.
import fc from 'fast-check';
import type { HeaderOperations, HttpMatch, SourceMatch, VirtualService } from '../../mesh/virtual-service.ts';
import { visibilityOf } from '../../mesh/visibility.ts';
import { exportTo, hosts, origin, selector } from './arbitrary-names.ts';

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
  host: fc.constantFrom(...hosts, 'missing.test', 'egress.istio-system.svc.cluster.local'),
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

export const virtualService: fc.Arbitrary<VirtualService> = fc
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
