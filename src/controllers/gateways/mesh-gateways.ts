// Brings what one MeshGateway is made of in step with it, and writes its status. All it knows stands in the store, so it may
// be called at any time, and a second call writes nothing.
import { deploymentKind } from '../../api/kinds/deployment.ts';
import { type MeshGateway, type MeshGatewayStatus, meshGatewayKind } from '../../api/kinds/mesh-gateway.ts';
import { serviceKind } from '../../api/kinds/service.ts';
import type { ObjectKey } from '../../api/object.ts';
import type { ObjectStore } from '../../store/store.ts';
import { gatewayAddress } from './gateway-address.ts';
import { gatewayChildren } from './gateway-children.ts';
import { failedStatus, gatewayStatus } from './gateway-status.ts';
import { meshSettings } from './mesh-settings.ts';
import { applyChildren, ignoreAbsent } from './owned-children.ts';

export const meshGateways = { group: meshGatewayKind.group, kind: meshGatewayKind.kind };

const resolveEveryMs = 30_000;

/** Returns after how many milliseconds to look again although no object changed, if at all. */
export async function visitMeshGateway(
  store: ObjectStore,
  key: ObjectKey,
  lowestPort: number,
): Promise<number | undefined> {
  const stored = meshGatewayKind.schema.safeParse(await store.get(key));
  if (!stored.success) return undefined;
  const gateway = meshGatewayKind.withDefaults(stored.data);
  const istio = await meshSettings(store);
  if (typeof istio === 'string') {
    await writeStatus(store, key, failedStatus(gateway.status, istio));
    return undefined;
  }
  const namesakes = await gatewaysNamed(store, key.name);
  const conflict = await applyChildren(store, gateway, gatewayChildren({ gateway, istio, namesakes, lowestPort }));
  if (conflict === undefined) return reportGateway(store, key);
  await writeStatus(store, key, failedStatus(gateway.status, conflict));
  return undefined;
}

async function reportGateway(store: ObjectStore, key: ObjectKey): Promise<number | undefined> {
  const { namespace, name } = key;
  const deployment = deploymentKind.schema.safeParse(await store.get({ ...deployments, namespace, name }));
  const service = serviceKind.schema.safeParse(await store.get({ ...services, namespace, name }));
  // Somebody removed it at this moment, which is an event of its own.
  if (!deployment.success || !service.success) return undefined;
  const { addresses, resolved } = await gatewayAddress(service.data);
  await writeStatus(store, key, gatewayStatus(deployment.data, addresses));
  return resolved ? resolveEveryMs : undefined;
}

const deployments = { group: deploymentKind.group, kind: deploymentKind.kind };
const services = { group: serviceKind.group, kind: serviceKind.kind };

/** By namespace. */
async function gatewaysNamed(store: ObjectStore, name: string): Promise<readonly MeshGateway[]> {
  const { items } = await store.list(meshGateways);
  return items.flatMap((item) => {
    const gateway = meshGatewayKind.schema.safeParse(item.metadata.name === name ? item : undefined);
    return gateway.success ? [gateway.data] : [];
  });
}

async function writeStatus(store: ObjectStore, key: ObjectKey, status: MeshGatewayStatus): Promise<void> {
  await store.updateStatus(key, status).catch(ignoreAbsent);
}
