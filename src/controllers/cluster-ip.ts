// Gives every Service without an address a ClusterIP, as the API server does in a cluster. Callers connect to it, their
// sidecar knows what it means; no packet with it leaves a workload.
import { clusterIpRange, serviceKind } from '../api/kinds/service.ts';
import { type KubeObject, keyOf } from '../api/object.ts';
import type { ObjectStore } from '../store/store.ts';

const prefix = clusterIpRange.split('.').slice(0, 2).join('.');

/** Runs until the signal aborts. */
export async function assignClusterIps(store: ObjectStore, signal: AbortSignal): Promise<void> {
  const { group, kind } = serviceKind;
  const { items, resourceVersion } = await store.list({ group, kind });
  const used = new Set<string>();
  for (const object of items) used.add(clusterIpOf(object) ?? '');
  for (const object of items) await assign(store, used, object);
  for await (const { events } of store.watch([{ group, kind }], resourceVersion, signal)) {
    for (const event of events) {
      if (event.type === 'DELETED') used.delete(clusterIpOf(event.object) ?? '');
      else await assign(store, used, event.object, event.previous);
    }
  }
}

/** A Service that is applied again without its address keeps the one it had. */
async function assign(store: ObjectStore, used: Set<string>, object: KubeObject, previous?: KubeObject): Promise<void> {
  const service = serviceKind.schema.safeParse(object);
  if (!service.success || service.data.spec.type === 'ExternalName') return;
  const given = service.data.spec.clusterIP;
  if (given !== undefined && given !== '') {
    used.add(given);
    return;
  }
  const clusterIP = (previous === undefined ? undefined : clusterIpOf(previous)) ?? freeAddress(used);
  used.add(clusterIP);
  await store.patch(keyOf(object), { spec: { clusterIP } }, (patched) => serviceKind.schema.parse(patched));
}

function freeAddress(used: ReadonlySet<string>): string {
  for (let number = 1; number < 0xffff; number += 1) {
    const address = `${prefix}.${number >> 8}.${number & 255}`;
    if (!used.has(address)) return address;
  }
  throw new RangeError(`no ClusterIP left in ${clusterIpRange}`);
}

function clusterIpOf(object: KubeObject): string | undefined {
  const service = serviceKind.schema.safeParse(object);
  return service.success ? service.data.spec.clusterIP : undefined;
}
