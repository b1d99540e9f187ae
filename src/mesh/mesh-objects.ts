// Objects of the store -> changes of the mesh. Remembers what each object stood for, so that its next version replaces
// exactly that. An object that no longer fits its schema (an older release wrote it) keeps its last good meaning.
import { authorizationPolicyKind } from '../api/kinds/authorization-policy.ts';
import { destinationRuleKind } from '../api/kinds/destination-rule.ts';
import { egressPolicyKind } from '../api/kinds/egress-policy.ts';
import { gatewayKind } from '../api/kinds/gateway.ts';
import { istioKind } from '../api/kinds/istio.ts';
import { namespaceKind } from '../api/kinds/namespace.ts';
import { peerAuthenticationKind } from '../api/kinds/peer-authentication.ts';
import { secretKind } from '../api/kinds/secret.ts';
import { serviceAccountKind } from '../api/kinds/service-account.ts';
import { sidecarKind } from '../api/kinds/sidecar.ts';
import { telemetryKind } from '../api/kinds/telemetry.ts';
import { virtualServiceKind } from '../api/kinds/virtual-service.ts';
import { type KubeObject, keyOf, keyString } from '../api/object.ts';
import { parseObject } from '../api/parse-object.ts';
import type { WatchEvent } from '../store/store.ts';
import type { AllocatedAddresses } from './allocated-addresses.ts';
import { createDelegations } from './delegations.ts';
import { createEgressPolicies, type PolicyMeaning } from './egress-policy/policies.ts';
import type { MeshChange } from './mesh.ts';
import { defaultMeshConfig, type MeshConfig, meshConfigKey, translateMeshConfig } from './mesh-config.ts';
import { parsed } from './parsed.ts';
import { createServiceObjects, serviceKinds } from './service-objects.ts';
import { secretKey, type TlsSecret } from './tls-secret.ts';
import { translateAuthorizationPolicy } from './translate-authorization-policy.ts';
import { translateDestinationRule } from './translate-destination-rule.ts';
import { translateGateway } from './translate-gateway.ts';
import { translateGrant } from './translate-grant.ts';
import { translatePeerAuthentication } from './translate-peer-authentication.ts';
import { translateSecret } from './translate-secret.ts';
import { translateSidecar } from './translate-sidecar.ts';
import { translateTelemetry } from './translate-telemetry.ts';
import { translateVirtualService } from './translate-virtual-service.ts';
import { createTranslated } from './translated.ts';

export interface MeshObjects {
  /** What these events, of one transaction, change, and what time has changed since. */
  translate(events: readonly WatchEvent[]): ObjectsChange;
  /** When something changes by itself next, in milliseconds since 1970. */
  nextExpiry(): number | undefined;
  /** What an EgressPolicy stands for now; undefined for an object of another kind, or one that cannot be read. */
  meaningOf(object: KubeObject): PolicyMeaning | undefined;
}

export type ObjectsChange = Required<Omit<MeshChange, 'files'>>;

/** Kinds that the mesh is made of, and what only those who judge it look at. */
export const meshKinds = [
  serviceAccountKind,
  istioKind,
  ...serviceKinds,
  virtualServiceKind,
  destinationRuleKind,
  gatewayKind,
  sidecarKind,
  telemetryKind,
  peerAuthenticationKind,
  authorizationPolicyKind,
  secretKind,
  egressPolicyKind,
  namespaceKind,
] as const;

const meshConfigName = keyString(meshConfigKey);

export interface MeshObjectsOptions {
  /** Those that are given to hosts without one; undefined: none are, since nothing would lead callers to them. */
  readonly addresses?: AllocatedAddresses;
  /** Whether proxies have certificates to know each other by. */
  readonly mutualTls?: boolean;
  /** Milliseconds since 1970; the machine's if absent. */
  readonly clock?: () => number;
}

export function createMeshObjects({
  addresses,
  mutualTls = false,
  clock = Date.now,
}: MeshObjectsOptions = {}): MeshObjects {
  const services = createServiceObjects(addresses);
  const virtualServices = createTranslated(virtualServiceKind, (object) => [translateVirtualService(object)]);
  const delegations = createDelegations();
  const destinationRules = createTranslated(destinationRuleKind, (object) => [translateDestinationRule(object)]);
  const gateways = createTranslated(gatewayKind, (object) => [translateGateway(object)]);
  const sidecars = createTranslated(sidecarKind, (object) => [translateSidecar(object)]);
  const telemetries = createTranslated(telemetryKind, (object) => [translateTelemetry(object)]);
  const peers = createTranslated(peerAuthenticationKind, (object) => [translatePeerAuthentication(object)]);
  const authorizationPolicies = createTranslated(authorizationPolicyKind, translateAuthorizationPolicy);
  const egressPolicies = createEgressPolicies({ addresses, mutualTls });

  return {
    nextExpiry() {
      const [first, second] = [egressPolicies.nextExpiry(), services.nextExpiry()];
      return first === undefined || second === undefined ? (first ?? second) : Math.min(first, second);
    },
    meaningOf(object) {
      if (object.kind !== egressPolicyKind.kind) return undefined;
      const policy = parsed(egressPolicyKind.schema, object, egressPolicyKind.withDefaults);
      return policy && egressPolicies.meaningOf(policy, clock());
    },
    translate(events) {
      const written = delegations.resolve(virtualServices.take(events));
      const now = clock();
      const made = egressPolicies.take(events, written, now);
      const peerAuthentications = peers.take(events);
      const change = {
        peerAuthentications,
        egressPolicies: made.egressPolicies,
        services: [...services.take(events, { peers: peerAuthentications, now }), ...made.services],
        virtualServices: [...written, ...made.virtualServices],
        destinationRules: [...destinationRules.take(events), ...made.destinationRules],
        gateways: [...gateways.take(events), ...made.gateways],
        sidecars: sidecars.take(events),
        telemetries: telemetries.take(events),
        authorizationPolicies: authorizationPolicies.take(events),
        secrets: new Map<string, TlsSecret | undefined>(),
        grants: new Map<string, readonly string[] | undefined>(),
      };
      let config: MeshConfig | undefined;
      for (const event of events) {
        const object = event.type === 'DELETED' ? undefined : event.object;
        const { kind, metadata } = event.object;
        if (kind === secretKind.kind) {
          const key = secretKey(metadata.namespace ?? '', metadata.name);
          const secret = object && parseObject(secretKind.schema, object);
          if (object === undefined || secret !== undefined) change.secrets.set(key, secret && translateSecret(secret));
        }
        if (kind === namespaceKind.kind) {
          const read = object && parseObject(namespaceKind.schema, object);
          if (object === undefined || read !== undefined)
            change.grants.set(metadata.name, read && translateGrant(read));
        }
        if (kind === istioKind.kind && keyString(keyOf(event.object)) === meshConfigName) {
          config = configOf(object) ?? config;
        }
      }
      return { ...change, config };
    },
  };
}

/** Undefined when the object cannot be read: the last settings then stay. */
function configOf(object: KubeObject | undefined): MeshConfig | undefined {
  if (object === undefined) return defaultMeshConfig;
  return parsed(istioKind.schema, object, translateMeshConfig);
}
