// Meshes for properties of views: all kinds of objects together, and variations of them.
import fc from 'fast-check';
import type { AuthorizationPolicy } from '../../mesh/authorization-policy.ts';
import type { DestinationRule } from '../../mesh/destination-rule.ts';
import type { EgressPolicy } from '../../mesh/egress-policy/egress-policy.ts';
import type { Gateway } from '../../mesh/gateway.ts';
import type { OutboundTrafficPolicy } from '../../mesh/mesh-config.ts';
import type { Service } from '../../mesh/service.ts';
import type { Sidecar } from '../../mesh/sidecar.ts';
import type { Telemetry } from '../../mesh/telemetry.ts';
import type { VirtualService } from '../../mesh/virtual-service.ts';
import { authorizationPolicy } from './arbitrary-authorization.ts';
import { destinationRule } from './arbitrary-destination-rules.ts';
import { egressPolicy } from './arbitrary-egress-policies.ts';
import { gateway } from './arbitrary-gateways.ts';
import { hosts, namespaces } from './arbitrary-names.ts';
import { sidecar, telemetry } from './arbitrary-outlooks.ts';
import { nearAndFar, service } from './arbitrary-services.ts';
import { virtualService } from './arbitrary-virtual-services.ts';

/** Objects of one mesh; of each kind at most one for each name, as the store would have it. */
export interface MeshContents {
  readonly services: readonly Service[];
  readonly virtualServices: readonly VirtualService[];
  readonly destinationRules: readonly DestinationRule[];
  readonly gateways: readonly Gateway[];
  readonly sidecars: readonly Sidecar[];
  readonly telemetries: readonly Telemetry[];
  readonly authorizationPolicies: readonly AuthorizationPolicy[];
  readonly egressPolicies: readonly EgressPolicy[];
  /** One for each Namespace. */
  readonly grants: readonly Grant[];
}

/** The hosts that a Namespace may claim for all. */
export interface Grant {
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
  egressPolicies: fc.oneof(fc.constant([]), named(egressPolicy)),
  grants: fc.oneof(fc.constant([]), fc.uniqueArray(grant, { maxLength: 2, selector: ({ namespace }) => namespace })),
});

export const trafficPolicy: fc.Arbitrary<OutboundTrafficPolicy> = fc.constantFrom('ALLOW_ANY', 'REGISTRY_ONLY');

/** The same contents, but for one service: who is behind it, or its ports. */
export function varied(contents: MeshContents, part: 'endpoints' | 'ports'): MeshContents {
  const [one, ...others] = contents.services;
  if (one === undefined) return contents;
  const endpoints = one.endpoints.length === 0 ? nearAndFar : one.endpoints.slice(1);
  const ports: Service['ports'] = [{ number: 8080, name: 'p', protocol: 'HTTP' }];
  return { ...contents, services: [part === 'ports' ? { ...one, ports } : { ...one, endpoints }, ...others] };
}

export function reversed(contents: MeshContents): MeshContents {
  const { services, virtualServices, destinationRules, gateways } = contents;
  const { sidecars, telemetries, authorizationPolicies, egressPolicies, grants } = contents;
  return {
    services: services.toReversed(),
    virtualServices: virtualServices.toReversed(),
    destinationRules: destinationRules.toReversed(),
    gateways: gateways.toReversed(),
    sidecars: sidecars.toReversed(),
    telemetries: telemetries.toReversed(),
    authorizationPolicies: authorizationPolicies.toReversed(),
    egressPolicies: egressPolicies.toReversed(),
    grants: grants.toReversed(),
  };
}
