// Writes the addresses that the mesh gave to hosts into the status of the objects that name them (Istio: status.addresses).
// There they are seen, and from there the next control plane has them. They are in force before they are written.
import { serviceKind } from '../api/kinds/service.ts';
import { serviceEntryKind } from '../api/kinds/service-entry.ts';
import { type KubeObject, keyString, type ObjectKey } from '../api/object.ts';
import type { Mesh, MeshDelta } from '../mesh/mesh.ts';
import type { Service } from '../mesh/service.ts';
import type { Logger } from '../platform/log.ts';
import type { ObjectStore } from '../store/store.ts';
import { ignoreAbsent } from './gateways/owned-children.ts';
import { createReconciler } from './reconciler.ts';

export interface AddressStatus {
  /** Call for every snapshot. */
  update(mesh: Mesh, delta: MeshDelta): void;
}

interface Named {
  readonly key: ObjectKey;
  /** By host. */
  readonly addresses: Map<string, string>;
}

export function keepAddressStatus(store: ObjectStore, signal: AbortSignal, log: Logger): AddressStatus {
  /** Objects with hosts that were looked at. */
  const objects = new Map<string, Named>();
  const byHost = new Map<string, ReadonlySet<string>>();

  function note(host: string, claims: readonly Service[]): ReadonlySet<string> {
    const before = byHost.get(host) ?? new Set();
    for (const name of before) objects.get(name)?.addresses.delete(host);
    const now = new Set<string>();
    for (const service of claims) {
      const key = keyOf(service);
      const name = keyString(key);
      const named = objects.get(name) ?? { key, addresses: new Map() };
      objects.set(name, named);
      now.add(name);
      const [address] = service.addresses;
      if (service.autoAllocated === true && address !== undefined) named.addresses.set(host, address);
    }
    if (now.size === 0) byHost.delete(host);
    else byHost.set(host, now);
    return before.union(now);
  }

  async function reconcile(name: string): Promise<void> {
    const named = objects.get(name);
    if (named === undefined) return;
    const object = await store.get(named.key);
    if (object === undefined) {
      objects.delete(name);
      return;
    }
    const { addresses: former, ...rest } = statusOf(object);
    const given = [...named.addresses].sort(([a], [b]) => (a < b ? -1 : 1));
    if (given.length === 0 && former === undefined) return;
    const addresses = given.map(([host, value]) => ({ host, value }));
    const status = addresses.length === 0 ? rest : { ...rest, addresses };
    const isEmpty = Object.keys(status).length === 0;
    await store
      .updateStatus(named.key, isEmpty && object.status === undefined ? undefined : status)
      .catch(ignoreAbsent);
  }

  const reconciler = createReconciler({ reconcile, signal, log });
  return {
    update(mesh, { hosts }) {
      const touched = new Set([...hosts].flatMap((host) => [...note(host, mesh.services.get(host))]));
      for (const name of touched) void reconciler.enqueue(name);
    },
  };
}

function keyOf({ source, namespace, name }: Service): ObjectKey {
  const { group, kind } = source === 'Service' ? serviceKind : serviceEntryKind;
  return { group, kind, namespace, name };
}

function statusOf({ status }: KubeObject): Readonly<Record<string, unknown>> {
  return typeof status === 'object' && status !== null && !Array.isArray(status) ? { ...status } : {};
}
