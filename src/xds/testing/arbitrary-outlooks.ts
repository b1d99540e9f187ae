// Sidecars and Telemetries for properties of views: what makes the outlook of a scope.
import fc from 'fast-check';
import type { Sidecar } from '../../mesh/sidecar.ts';
import type { Telemetry } from '../../mesh/telemetry.ts';
import { hosts, origin, selector } from './arbitrary-names.ts';

const egressHost = fc.record({
  namespace: fc.constantFrom('*', '.', 'other', 'third'),
  host: fc.constantFrom('*', ...hosts),
  excluded: fc.constantFrom(false, false, true),
});

export const sidecar: fc.Arbitrary<Sidecar> = fc.record({
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

export const telemetry: fc.Arbitrary<Telemetry> = fc.record({
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
