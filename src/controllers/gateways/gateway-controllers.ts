// The loop of the two controllers that gateways have: of Istio objects, which make MeshGateways, and of MeshGateways, which
// make everything that a gateway runs as. A change of any object of theirs brings its owner to be looked at again.
import { deploymentKind } from '../../api/kinds/deployment.ts';
import { horizontalPodAutoscalerKind } from '../../api/kinds/horizontal-pod-autoscaler.ts';
import { podDisruptionBudgetKind } from '../../api/kinds/pod-disruption-budget.ts';
import { clusterRoleKind, roleKind } from '../../api/kinds/role.ts';
import { clusterRoleBindingKind, roleBindingKind } from '../../api/kinds/role-binding.ts';
import { serviceKind } from '../../api/kinds/service.ts';
import { serviceAccountKind } from '../../api/kinds/service-account.ts';
import { groupOf, type KubeObject, keyOf, keyString, type ObjectKey } from '../../api/object.ts';
import type { Logger } from '../../platform/log.ts';
import { GoneError } from '../../store/errors.ts';
import type { Collection, ObjectStore, WatchEvent } from '../../store/store.ts';
import { createReconciler } from '../reconciler.ts';
import { visitIstio } from './istio-objects.ts';
import { meshGateways, visitMeshGateway } from './mesh-gateways.ts';
import { istios } from './mesh-settings.ts';

export interface GatewayControllerOptions {
  readonly store: ObjectStore;
  /** Gateways listen on no port below it; 1 if absent. */
  readonly lowestPort?: number;
  readonly signal: AbortSignal;
  readonly log: Logger;
}

export interface GatewayControllers {
  /** Resolves when every gateway that was there at the start was looked at, then they run on until the signal aborts. */
  readonly ready: Promise<void>;
}

const childKinds = [
  serviceAccountKind,
  clusterRoleKind,
  clusterRoleBindingKind,
  roleKind,
  roleBindingKind,
  deploymentKind,
  serviceKind,
  horizontalPodAutoscalerKind,
  podDisruptionBudgetKind,
];

const collections: readonly Collection[] = [
  istios,
  meshGateways,
  ...childKinds.map(({ group, kind }) => ({ group, kind })),
];

export function startGatewayControllers(options: GatewayControllerOptions): GatewayControllers {
  const { store, lowestPort = 1, signal, log } = options;
  const reconciler = createReconciler({ reconcile, signal, log });
  /** The Istio objects and MeshGateways that are there. */
  let known = new Map<string, ObjectKey>();
  const timers = new Map<string, NodeJS.Timeout>();
  signal.addEventListener('abort', () => {
    for (const timer of timers.values()) clearTimeout(timer);
  });

  async function reconcile(name: string): Promise<void> {
    clearTimeout(timers.get(name));
    timers.delete(name);
    const key = known.get(name);
    if (key === undefined) return;
    if (key.kind === istios.kind) return visitIstio(store, key);
    const againMs = await visitMeshGateway(store, key, lowestPort);
    if (againMs === undefined || signal.aborted) return;
    timers.set(
      name,
      setTimeout(() => void reconciler.enqueue(name), againMs),
    );
  }

  /** Whom an event is about. */
  function touched(event: WatchEvent): readonly string[] {
    const { object, type } = event;
    const before = type === 'MODIFIED' ? event.previous : undefined;
    if (object.kind === istios.kind) {
      // The settings of the mesh concern every gateway, what is said of it none.
      return before?.metadata.generation === object.metadata.generation ? [] : [...known.keys()];
    }
    const owners = [object, ...(before === undefined ? [] : [before])].flatMap(ownersOf);
    if (object.kind === meshGateways.kind) {
      // Those of its name share roles; an Istio object may have waited for its end.
      return before === undefined ? [...known.keys()] : [keyString(keyOf(object)), ...owners];
    }
    return type === 'DELETED' ? [...owners, ...freedBy(object)] : owners;
  }

  function ownersOf({ metadata }: KubeObject): readonly string[] {
    const { namespace, ownerReferences = [] } = metadata;
    const owners = ownerReferences.filter(({ apiVersion }) => groupOf(apiVersion) === istios.group);
    return owners.flatMap((owner) =>
      named((key) => key.kind === owner.kind && key.name === owner.name && isIn(key, namespace)),
    );
  }

  /** Gateways for which it may have been in the way: what is made for them begins with their names. */
  function freedBy({ metadata }: KubeObject): readonly string[] {
    const { name, namespace } = metadata;
    return named((key) => key.kind === meshGateways.kind && name.startsWith(key.name) && isIn(key, namespace));
  }

  function named(fits: (key: ObjectKey) => boolean): readonly string[] {
    return [...known].flatMap(([name, key]) => (fits(key) ? [name] : []));
  }

  function take(events: readonly WatchEvent[]): void {
    const names = new Set<string>();
    for (const event of events) {
      const key = keyOf(event.object);
      const isKnown = key.kind === istios.kind || key.kind === meshGateways.kind;
      if (isKnown && event.type !== 'DELETED') known.set(keyString(key), key);
      for (const name of touched(event)) names.add(name);
      if (isKnown && event.type === 'DELETED') known.delete(keyString(key));
    }
    for (const name of names) void reconciler.enqueue(name);
  }

  async function follow(): Promise<void> {
    while (!signal.aborted) {
      const resourceVersion = await lookAtAll();
      try {
        for await (const { events } of store.watch(collections, resourceVersion, signal)) take(events);
      } catch (error) {
        if (!(error instanceof GoneError)) throw error;
      }
    }
  }

  async function lookAtAll(): Promise<string> {
    const { items, resourceVersion } = await store.list(istios);
    const gateways = await store.list(meshGateways);
    known = new Map([...items, ...gateways.items].map((item) => [keyString(keyOf(item)), keyOf(item)]));
    const tries = [...known.keys()].map((name) => reconciler.enqueue(name));
    void Promise.all(tries).then(() => ready.resolve());
    return resourceVersion;
  }

  const ready = Promise.withResolvers<void>();
  follow().catch((error: unknown) => {
    ready.reject(error);
    if (!signal.aborted) log.error({ err: error }, 'the gateway controllers stopped');
  });
  return { ready: ready.promise };
}

/** An object of the whole cluster may belong to any namespace. */
function isIn(key: ObjectKey, namespace: string | undefined): boolean {
  return namespace === undefined || key.namespace === namespace;
}
