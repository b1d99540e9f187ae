// Everything that is made for a MeshGateway, and what of it the gateway wants now. The names follow from the gateway's, so
// what it no longer wants is known without a search.

import type { GatewayContext } from './gateway.ts';
import {
  buildClusterRole,
  buildClusterRoleBinding,
  buildSdsRole,
  buildSdsRoleBinding,
  buildServiceAccount,
} from './gateway-access.ts';
import { buildDeployment } from './gateway-deployment.ts';
import { buildAutoscaler, buildDisruptionBudget, isAutoscaled } from './gateway-scaling.ts';
import { buildService } from './gateway-service.ts';
import type { OwnedChild } from './owned-children.ts';

export function gatewayChildren(context: GatewayContext): readonly OwnedChild[] {
  const readsSecrets = context.gateway.spec.sds?.enabled === true;
  const isBudgeted = context.istio.spec.defaultPodDisruptionBudget?.enabled === true;
  return [
    { object: buildServiceAccount(context), wanted: true },
    { object: buildClusterRole(context), wanted: true },
    { object: buildClusterRoleBinding(context), wanted: true },
    { object: buildSdsRole(context), wanted: readsSecrets },
    { object: buildSdsRoleBinding(context), wanted: readsSecrets },
    { object: buildDeployment(context), wanted: true },
    { object: buildService(context), wanted: true },
    { object: buildAutoscaler(context), wanted: isAutoscaled(context) },
    { object: buildDisruptionBudget(context), wanted: isBudgeted },
  ];
}
