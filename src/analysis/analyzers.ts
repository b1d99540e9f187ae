// Which questions are asked of which kind.
import type { Kind } from '../api/kind.ts';
import { authorizationPolicyKind } from '../api/kinds/authorization-policy.ts';
import { destinationRuleKind } from '../api/kinds/destination-rule.ts';
import { egressPolicyKind } from '../api/kinds/egress-policy.ts';
import { gatewayKind } from '../api/kinds/gateway.ts';
import { secretKind } from '../api/kinds/secret.ts';
import { serviceEntryKind } from '../api/kinds/service-entry.ts';
import { sidecarKind } from '../api/kinds/sidecar.ts';
import { telemetryKind } from '../api/kinds/telemetry.ts';
import { virtualServiceKind } from '../api/kinds/virtual-service.ts';
import type { KubeObject } from '../api/object.ts';
import { parseObject } from '../api/parse-object.ts';
import { findAmbiguousTelemetries } from './ambiguous-telemetries.ts';
import { findAbsentCallers } from './authorization-policy/absent-callers.ts';
import { findUnprovedCallers } from './authorization-policy/unproved-callers.ts';
import { findUnseenFields } from './authorization-policy/unseen-fields.ts';
import { findAmbiguousRules } from './destination-rule/ambiguous-rules.ts';
import { findDoubleTls } from './destination-rule/double-tls.ts';
import { findLostTls } from './destination-rule/lost-tls.ts';
import { findUnusableTlsFiles, findWithheldCredential } from './destination-rule/tls-sources.ts';
import { findUnusedRule } from './destination-rule/unused-rule.ts';
import { findUnusedSubsets } from './destination-rule/unused-subsets.ts';
import { findAbsentSources } from './egress-policy/absent-sources.ts';
import { findDeniedHosts } from './egress-policy/denied-hosts.ts';
import { findExpiredPolicy } from './egress-policy/expired-policy.ts';
import { findOtherWays } from './egress-policy/other-ways.ts';
import { findRegisteredHosts } from './egress-policy/registered-hosts.ts';
import { findTakenPolicyHosts } from './egress-policy/taken-hosts.ts';
import { findUnfitGateway } from './egress-policy/unfit-gateway.ts';
import type { CrossFinding } from './finding.ts';
import { findConflictingServers } from './gateway/conflicting-servers.ts';
import { findIdleServers } from './gateway/idle-servers.ts';
import { findMissingRedirectTarget } from './gateway/redirect-target.ts';
import { findUnusableServerTls } from './gateway/server-tls.ts';
import { findEmptySelector } from './selectors.ts';
import { findClaimedHosts } from './service-entry/claimed-hosts.ts';
import { findClearTextToTlsPort } from './service-entry/clear-text.ts';
import { findIndistinctPorts } from './service-entry/indistinct-ports.ts';
import { findRefusedHosts } from './service-entry/refused-hosts.ts';
import { findWideExport } from './service-entry/wide-export.ts';
import { findAmbiguousSidecars, findMissingEgressProxy } from './sidecar/ambiguous-sidecars.ts';
import { findEmptyImports, findHiddenHosts } from './sidecar/hidden-hosts.ts';
import type { Surroundings } from './surroundings.ts';
import { findUnfitAuthority } from './unfit-authority.ts';
import { findGatewayLoops } from './virtual-service/gateway-loops.ts';
import { findMissingDestinations } from './virtual-service/missing-destinations.ts';
import { findMissingSubsets } from './virtual-service/missing-subsets.ts';
import { findRefusedRules } from './virtual-service/refused-rules.ts';
import { findTakenHosts } from './virtual-service/taken-hosts.ts';
import { findUnboundGateways } from './virtual-service/unbound-gateways.ts';
import { findUnfitRules } from './virtual-service/unfit-rules.ts';
import { findUnusableDelegates } from './virtual-service/unusable-delegates.ts';

type Analyzer<T> = (object: T, around: Surroundings) => Iterable<CrossFinding>;

const byKind: ReadonlyMap<string, Analyzer<KubeObject>> = new Map([
  ...questions(serviceEntryKind, [
    findClaimedHosts,
    findRefusedHosts,
    findIndistinctPorts,
    findClearTextToTlsPort,
    findWideExport,
    findEmptySelector,
  ]),
  ...questions(virtualServiceKind, [
    findTakenHosts,
    findRefusedRules,
    findUnboundGateways,
    findMissingDestinations,
    findMissingSubsets,
    findGatewayLoops,
    findUnfitRules,
    findUnusableDelegates,
  ]),
  ...questions(destinationRuleKind, [
    findUnusedRule,
    findAmbiguousRules,
    findUnusedSubsets,
    findDoubleTls,
    findLostTls,
    findWithheldCredential,
    findUnusableTlsFiles,
    findEmptySelector,
  ]),
  ...questions(gatewayKind, [
    findEmptySelector,
    findIdleServers,
    findConflictingServers,
    findMissingRedirectTarget,
    findUnusableServerTls,
  ]),
  ...questions(egressPolicyKind, [
    findTakenPolicyHosts,
    findAbsentSources,
    findUnfitGateway,
    findExpiredPolicy,
    findOtherWays,
    findRegisteredHosts,
    findDeniedHosts,
  ]),
  ...questions(secretKind, [findUnfitAuthority]),
  ...questions(telemetryKind, [findAmbiguousTelemetries]),
  ...questions(authorizationPolicyKind, [findEmptySelector, findAbsentCallers, findUnseenFields, findUnprovedCallers]),
  ...questions(sidecarKind, [
    findAmbiguousSidecars,
    findMissingEgressProxy,
    findHiddenHosts,
    findEmptyImports,
    findEmptySelector,
  ]),
]);

/** Nothing for an object of a kind that nothing is asked of, and for one that an older release wrote otherwise. */
export function* analyze(object: KubeObject, around: Surroundings): Generator<CrossFinding> {
  yield* byKind.get(object.kind)?.(object, around) ?? [];
}

function questions<T extends KubeObject>(
  kind: Kind<T>,
  analyzers: readonly Analyzer<T>[],
): readonly (readonly [string, Analyzer<KubeObject>])[] {
  return [
    [
      kind.kind,
      function* (object, around) {
        const parsed = parseObject(kind.schema, object);
        if (parsed === undefined) return;
        // Of files it is told while they are read, where each mistake's place is known.
        if (around.complete) yield* kind.validate(parsed);
        // As it was written: what its author did not say is not for us to blame.
        for (const analyzer of analyzers) yield* analyzer(parsed, around);
      },
    ],
  ];
}
