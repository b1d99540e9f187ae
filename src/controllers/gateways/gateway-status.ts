// What a MeshGateway's status says: Available when it has its pods and an address, else what it waits for or what is wrong.
// Pure, and free of times, so that an equal state is an equal status.
// Istio: Available as soon as there is an address, whether any proxy runs or not; here: when the proxies are ready.
import { failureCondition } from '../../api/deployment-conditions.ts';
import type { Deployment } from '../../api/kinds/deployment.ts';
import type { MeshGatewayStatus } from '../../api/kinds/mesh-gateway.ts';

/** Of the Istio object too. */
export type GatewayState = 'Created' | 'Reconciling' | 'Available' | 'ReconcileFailed';

export function statusOf(state: GatewayState, addresses: readonly string[], message = ''): MeshGatewayStatus {
  return {
    Status: state,
    ...(addresses.length === 0 ? {} : { GatewayAddress: [...addresses] }),
    ...(message === '' ? {} : { ErrorMessage: message }),
  };
}

/** What was there goes on serving, so its addresses stay. */
export function failedStatus(before: MeshGatewayStatus | undefined, message: string): MeshGatewayStatus {
  return statusOf('ReconcileFailed', before?.GatewayAddress ?? [], message);
}

export function gatewayStatus(deployment: Deployment, addresses: readonly string[]): MeshGatewayStatus {
  const { replicas = 1 } = deployment.spec;
  const ready = deployment.status?.readyReplicas ?? 0;
  const failure = failureOf(deployment);
  const { name } = deployment.metadata;
  if (ready < replicas) {
    const missing = `${ready} of ${replicas} pods are ready`;
    if (failure === undefined) return statusOf('Reconciling', addresses, missing);
    return statusOf('ReconcileFailed', addresses, `Deployment ${name}: ${missing}: ${failure}`);
  }
  if (addresses.length === 0) return statusOf('Reconciling', [], `Service ${name} has no address yet`);
  return statusOf('Available', addresses, failure === undefined ? '' : `Deployment ${name}: ${failure}`);
}

/** In one line. */
function failureOf({ status }: Deployment): string | undefined {
  const failure = status?.conditions?.find(({ type, status }) => type === failureCondition && status === 'True');
  if (failure === undefined) return undefined;
  const [first = ''] = (failure.message ?? '').split('\n');
  return [failure.reason ?? '', first].filter((part) => part !== '').join(': ');
}
