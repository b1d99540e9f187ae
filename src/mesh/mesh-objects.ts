// Objects of the store -> changes of the mesh. Remembers what each object stood for, so that its next version replaces
// exactly that. An object that no longer fits its schema (an older release wrote it) keeps its last good meaning.
import type { Kind } from '../api/kind.ts';
import { destinationRuleKind } from '../api/kinds/destination-rule.ts';
import { gatewayKind } from '../api/kinds/gateway.ts';
import { istioKind } from '../api/kinds/istio.ts';
import { secretKind } from '../api/kinds/secret.ts';
import { sidecarKind } from '../api/kinds/sidecar.ts';
import { telemetryKind } from '../api/kinds/telemetry.ts';
import { virtualServiceKind } from '../api/kinds/virtual-service.ts';
import { type KubeObject, keyOf, keyString } from '../api/object.ts';
import type { WatchEvent } from '../store/store.ts';
import type { AllocatedAddresses } from './allocated-addresses.ts';
import { createDelegations } from './delegations.ts';
import type { Change, MeshChange } from './mesh.ts';
import { defaultMeshConfig, type MeshConfig, meshConfigKey, translateMeshConfig } from './mesh-config.ts';
import { parsed } from './parsed.ts';
import { createServiceObjects, serviceKinds } from './service-objects.ts';
import { secretKey, type TlsSecret } from './tls-secret.ts';
import { translateDestinationRule } from './translate-destination-rule.ts';
import { translateGateway } from './translate-gateway.ts';
import { translateSecret } from './translate-secret.ts';
import { translateSidecar } from './translate-sidecar.ts';
import { translateTelemetry } from './translate-telemetry.ts';
import { translateVirtualService } from './translate-virtual-service.ts';

export interface MeshObjects {
  /** What these events, of one transaction, change. */
  translate(events: readonly WatchEvent[]): ObjectsChange;
}

export type ObjectsChange = Required<Omit<MeshChange, 'files'>>;

/** Kinds that the mesh is made of. */
export const meshKinds = [
  istioKind,
  ...serviceKinds,
  virtualServiceKind,
  destinationRuleKind,
  gatewayKind,
  sidecarKind,
  telemetryKind,
  secretKind,
] as const;

const meshConfigName = keyString(meshConfigKey);

export interface MeshObjectsOptions {
  /** Those that are given to hosts without one; undefined: none are, since nothing would lead callers to them. */
  readonly addresses?: AllocatedAddresses;
}

export function createMeshObjects({ addresses }: MeshObjectsOptions = {}): MeshObjects {
  const services = createServiceObjects(addresses);
  const virtualServices = createTranslated(virtualServiceKind, (object) => [translateVirtualService(object)]);
  const delegations = createDelegations();
  const destinationRules = createTranslated(destinationRuleKind, (object) => [translateDestinationRule(object)]);
  const gateways = createTranslated(gatewayKind, (object) => [translateGateway(object)]);
  const sidecars = createTranslated(sidecarKind, (object) => [translateSidecar(object)]);
  const telemetries = createTranslated(telemetryKind, (object) => [translateTelemetry(object)]);

  return {
    translate(events) {
      const change = {
        services: services.take(events),
        virtualServices: delegations.resolve(virtualServices.take(events)),
        destinationRules: destinationRules.take(events),
        gateways: gateways.take(events),
        sidecars: sidecars.take(events),
        telemetries: telemetries.take(events),
        secrets: new Map<string, TlsSecret | undefined>(),
      };
      let config: MeshConfig | undefined;
      for (const event of events) {
        const object = event.type === 'DELETED' ? undefined : event.object;
        const { kind, metadata } = event.object;
        if (kind === secretKind.kind) {
          const key = secretKey(metadata.namespace ?? '', metadata.name);
          change.secrets.set(key, parsed(secretKind.schema, object, translateSecret));
        }
        if (kind === istioKind.kind && keyString(keyOf(event.object)) === meshConfigName) {
          config = configOf(object) ?? config;
        }
      }
      return { ...change, config };
    },
  };
}

/** What objects of one kind stand for: each change with what stood there before. */
function createTranslated<Api extends KubeObject, Model>(
  kind: Kind<Api>,
  translate: (object: Api) => readonly Model[],
): { take(events: readonly WatchEvent[]): readonly Change<Model>[] } {
  const translated = new Map<string, readonly Model[]>();

  function replace(key: string, after: readonly Model[]): Change<Model> {
    const before = translated.get(key) ?? [];
    if (after.length === 0) translated.delete(key);
    else translated.set(key, after);
    return { before, after };
  }

  return {
    take: (events) =>
      events
        .filter(({ object }) => object.kind === kind.kind)
        .flatMap((event) => {
          const key = keyString(keyOf(event.object));
          if (event.type === 'DELETED') return [replace(key, [])];
          const after = parsed(kind.schema, event.object, (object) => translate(kind.withDefaults(object)));
          return after === undefined ? [] : [replace(key, after)];
        }),
  };
}

/** Undefined when the object cannot be read: the last settings then stay. */
function configOf(object: KubeObject | undefined): MeshConfig | undefined {
  if (object === undefined) return defaultMeshConfig;
  return parsed(istioKind.schema, object, translateMeshConfig);
}
