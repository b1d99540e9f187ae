// What can be wrong among the fields of a VirtualService. Follows ValidateVirtualService of Istio's
// pkg/config/validation; messages are Istio's, the hint is our mend. Takes an object its schema has accepted.
import { type FieldPath, problem } from '../finding.ts';
import { normalizeHost } from '../host-name.ts';
import type { Finding } from '../kind.ts';
import { checkExportTo } from './service-entry-export.ts';
import {
  type BoundGateways,
  boundGateways,
  checkBoundGateways,
  checkGatewayNames,
  checkHosts,
} from './virtual-service-hosts.ts';
import { checkHttpRule } from './virtual-service-http.ts';
import { checkTcpRule, checkTlsRule } from './virtual-service-layer4.ts';
import type { VirtualService } from './virtual-service-schema.ts';
import { checkReached } from './virtual-service-unreachable.ts';

export function validateVirtualService(service: VirtualService): readonly Finding[] {
  const { spec, metadata } = service;
  return [
    ...checkHosts(spec),
    ...checkGatewayNames(spec.gateways ?? [], ['spec', 'gateways']),
    ...checkRules(service),
    ...checkReached(spec.http ?? [], ['spec', 'http']),
    ...checkReached(spec.tls ?? [], ['spec', 'tls']),
    ...checkReached(spec.tcp ?? [], ['spec', 'tcp']),
    ...checkExportTo(spec.exportTo ?? [], metadata.namespace),
  ];
}

function* checkRules(service: VirtualService): Iterable<Finding> {
  const { hosts = [], http = [], tls = [], tcp = [] } = service.spec;
  // Once for all rules: each may ask for any of them.
  const bound = boundGateways(service);
  const known = new Set(tls.length === 0 ? [] : hosts.map((host) => normalizeHost(host) ?? host));
  if (http.length + tls.length + tcp.length === 0) {
    yield problem('SP0706', ['spec'], 'http, tcp or tls must be provided in virtual service', 'add rules under http');
  }
  for (const [index, rule] of http.entries()) {
    yield* checkMatchedGateways(bound, rule.match, ['spec', 'http', index]);
    yield* checkHttpRule(rule, ['spec', 'http', index]);
  }
  for (const [index, rule] of tls.entries()) {
    yield* checkMatchedGateways(bound, rule.match, ['spec', 'tls', index]);
    yield* checkTlsRule(rule, known, service.spec, ['spec', 'tls', index]);
  }
  for (const [index, rule] of tcp.entries()) {
    yield* checkMatchedGateways(bound, rule.match, ['spec', 'tcp', index]);
    yield* checkTcpRule(rule, service.spec, ['spec', 'tcp', index]);
  }
}

function* checkMatchedGateways(
  bound: BoundGateways,
  matches: readonly { readonly gateways?: readonly string[] }[] = [],
  path: FieldPath,
): Iterable<Finding> {
  for (const [index, { gateways = [] }] of matches.entries()) {
    const place = [...path, 'match', index, 'gateways'];
    yield* checkGatewayNames(gateways, place);
    yield* checkBoundGateways(gateways, bound, place);
  }
}
