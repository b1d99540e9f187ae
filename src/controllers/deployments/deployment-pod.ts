// The pods of a Deployment: how one is made, and how one is known. Kubernetes puts a ReplicaSet between; here a pod's
// owner is the Deployment itself.
import { randomBytes } from 'node:crypto';
import { storedApiVersion } from '../../api/kind.ts';
import { type Deployment, deploymentKind } from '../../api/kinds/deployment.ts';
import type { Pod } from '../../api/kinds/pod.ts';
import { groupOf, type KubeObject, type OwnerReference } from '../../api/object.ts';
import { safeText } from './safe-text.ts';

export const hashLabel = 'pod-template-hash';

const suffixLength = 5;
/** A pod's name is its host name too. */
const longestName = 63;

/** A new pod of the Deployment; its name is none of `taken`. */
export function buildPod(deployment: Deployment, hash: string, taken: ReadonlySet<string>): Pod {
  const { metadata, spec } = deployment.spec.template;
  const { name, namespace = 'default', uid = '' } = deployment.metadata;
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name: freeName(name, hash, taken),
      namespace,
      labels: { ...metadata?.labels, [hashLabel]: hash },
      ...(metadata?.annotations === undefined ? {} : { annotations: metadata.annotations }),
      ownerReferences: [
        {
          apiVersion: storedApiVersion(deploymentKind),
          kind: deploymentKind.kind,
          name,
          uid,
          controller: true,
          blockOwnerDeletion: true,
        },
      ],
    },
    spec,
  };
}

/** The Deployment a pod belongs to, as the pod says. */
export function owningDeployment(pod: KubeObject): OwnerReference | undefined {
  const owner = pod.metadata.ownerReferences?.find(({ controller }) => controller === true);
  const isDeployment = owner?.kind === deploymentKind.kind && groupOf(owner.apiVersion) === deploymentKind.group;
  return isDeployment ? owner : undefined;
}

function freeName(deployment: string, hash: string, taken: ReadonlySet<string>): string {
  const start = deployment.slice(0, longestName - hash.length - suffixLength - 2).replace(/[-.]+$/, '');
  for (;;) {
    const name = `${start}-${hash}-${safeText(randomBytes(suffixLength), suffixLength)}`;
    if (!taken.has(name)) return name;
  }
}
