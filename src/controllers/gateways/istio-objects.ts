// Brings the gateways of one Istio object in step with it, and writes its status: theirs, in one. Of several Istio objects
// only the mesh's own has gateways; the others are told that they do not count.
import { type Istio, istioKind } from '../../api/kinds/istio.ts';
import { type MeshGatewayStatus, meshGatewayKind } from '../../api/kinds/mesh-gateway.ts';
import { type KubeObject, keyOf, type ObjectKey } from '../../api/object.ts';
import type { ObjectStore } from '../../store/store.ts';
import { failedStatus, type GatewayState, statusOf } from './gateway-status.ts';
import { ingressGatewayName, istioGateways } from './istio-gateways.ts';
import { isMeshSettings, settingsName } from './mesh-settings.ts';
import { applyChildren, ignoreAbsent } from './owned-children.ts';

export async function visitIstio(store: ObjectStore, key: ObjectKey): Promise<void> {
  const object = await store.get(key);
  const stored = istioKind.schema.safeParse(object);
  if (!stored.success) return;
  const istio = istioKind.withDefaults(stored.data);
  if (!isMeshSettings(istio)) {
    await writeStatus(store, key, statusOf('ReconcileFailed', [], `${settingsName} is the Istio object that counts`));
    return;
  }
  if (istio.status?.Status === undefined) await writeStatus(store, key, statusOf('Created', []));
  const children = istioGateways(istio);
  const conflict = await applyChildren(store, istio, children);
  if (conflict !== undefined) {
    await writeStatus(store, key, failedStatus(istio.status, conflict));
    return;
  }
  const wanted = children.flatMap(({ object, wanted }) => (wanted ? [keyOf(object)] : []));
  const gateways = await Promise.all(wanted.map((gateway) => store.get(gateway)));
  await writeStatus(store, key, istioStatus(gateways.filter((gateway) => gateway !== undefined)));
}

/** Istio: only the ingress gateway counts; here: each that is wanted. */
export function istioStatus(gateways: readonly KubeObject[]): MeshGatewayStatus {
  const told = gateways.flatMap((object) => {
    const gateway = meshGatewayKind.schema.safeParse(object);
    return gateway.success ? [{ name: gateway.data.metadata.name, status: gateway.data.status }] : [];
  });
  const addresses = told.find(({ name }) => name === ingressGatewayName)?.status?.GatewayAddress ?? [];
  const inState = (state: GatewayState) => told.find(({ status }) => status?.Status === state);
  const worst = inState('ReconcileFailed') ?? told.find(({ status }) => status?.Status !== 'Available');
  if (worst === undefined) return statusOf('Available', addresses);
  const state = worst.status?.Status === 'ReconcileFailed' ? 'ReconcileFailed' : 'Reconciling';
  const message = worst.status?.ErrorMessage ?? 'is being made';
  return statusOf(state, addresses, `MeshGateway ${worst.name}: ${message}`);
}

async function writeStatus(store: ObjectStore, key: ObjectKey, status: Istio['status']): Promise<void> {
  await store.updateStatus(key, status).catch(ignoreAbsent);
}
