// Who a MeshGateway's pods are, and what they may read: a ServiceAccount and its roles. Roles of the whole cluster have no
// namespace in their names, so that gateways of one name in several namespaces share them.
// Istio: the binding names an account in the namespace of the Istio object; here: in the gateway's.
import type { ClusterRole, Role } from '../../api/kinds/role.ts';
import type { RoleBinding } from '../../api/kinds/role-binding.ts';
import type { ServiceAccount } from '../../api/kinds/service-account.ts';
import type { KubeObject, ObjectMeta } from '../../api/object.ts';
import {
  childMetadata,
  controllerReference,
  type GatewayContext,
  gatewayLabels,
  namespaceOf,
  ownerReference,
  serviceAccountName,
} from './gateway.ts';

const apiGroup = 'rbac.authorization.k8s.io';
const apiVersion = `${apiGroup}/v1`;

export function buildServiceAccount(context: GatewayContext): ServiceAccount {
  return {
    apiVersion: 'v1',
    kind: 'ServiceAccount',
    metadata: childMetadata(context, serviceAccountName(context.gateway)),
  };
}

export function buildClusterRole(context: GatewayContext): ClusterRole {
  return {
    apiVersion,
    kind: 'ClusterRole',
    metadata: sharedMetadata(context, clusterRoleName(context)),
    rules: [
      {
        apiGroups: ['networking.istio.io'],
        resources: ['virtualservices', 'destinationrules', 'gateways'],
        verbs: ['get', 'watch', 'list', 'update'],
      },
    ],
  };
}

export function buildClusterRoleBinding(context: GatewayContext): RoleBinding {
  return {
    apiVersion,
    kind: 'ClusterRoleBinding',
    metadata: sharedMetadata(context, `${clusterRoleName(context)}-binding`),
    roleRef: { apiGroup, kind: 'ClusterRole', name: clusterRoleName(context) },
    subjects: context.namesakes.map(accountOf),
  };
}

/** May read the keys that Secrets hold. */
export function buildSdsRole(context: GatewayContext): Role {
  return {
    apiVersion,
    kind: 'Role',
    metadata: childMetadata(context, sdsRoleName(context)),
    rules: [{ apiGroups: [''], resources: ['secrets'], verbs: ['get', 'watch', 'list'] }],
  };
}

export function buildSdsRoleBinding(context: GatewayContext): RoleBinding {
  return {
    apiVersion,
    kind: 'RoleBinding',
    metadata: childMetadata(context, `${context.gateway.metadata.name}-role-binding-sds`),
    roleRef: { apiGroup, kind: 'Role', name: sdsRoleName(context) },
    subjects: [accountOf(context.gateway)],
  };
}

function clusterRoleName({ gateway }: GatewayContext): string {
  return `${gateway.metadata.name}-cluster-role`;
}

function sdsRoleName({ gateway }: GatewayContext): string {
  return `${gateway.metadata.name}-role-sds`;
}

function accountOf(gateway: KubeObject): NonNullable<RoleBinding['subjects']>[number] {
  return { kind: 'ServiceAccount', name: serviceAccountName(gateway), namespace: namespaceOf(gateway) };
}

/** Equal, whichever of the gateways it is made for. */
function sharedMetadata({ gateway, namesakes }: GatewayContext, name: string): ObjectMeta {
  const ownerReferences = namesakes.map((owner, index) =>
    index === 0 ? controllerReference(owner) : ownerReference(owner),
  );
  return { name, labels: gatewayLabels(namesakes[0] ?? gateway), ownerReferences };
}
