// Objects as a mesh would have them once they run: a pod of each Deployment that is new, and new pods that are ready. Pods that a
// mesh has already stay as they are, but for those of a Deployment that is new: they would be replaced.
import { deploymentKind } from '../api/kinds/deployment.ts';
import { podKind } from '../api/kinds/pod.ts';
import { type KubeObject, keyOf, keyString } from '../api/object.ts';
import { parseObject } from '../api/parse-object.ts';
import { buildPod, owningDeployment } from '../controllers/deployments/deployment-pod.ts';

/** `given`: those of `objects` that are new. */
export function asRunning(objects: readonly KubeObject[], given: readonly KubeObject[]): readonly KubeObject[] {
  const names = new Set(given.map((object) => keyString(keyOf(object))));
  const deployments = given.filter(({ kind }) => kind === deploymentKind.kind);
  const replaced = new Set(deployments.map(({ metadata }) => `${metadata.namespace}/${metadata.name}`));
  const isNew = (object: KubeObject) => names.has(keyString(keyOf(object)));
  const kept = objects.filter((object) => isNew(object) || !replaced.has(deploymentNameOf(object)));
  const made = deployments.flatMap((object) => podOf(object) ?? []).map(running);
  return [...kept.map((object, index) => (isNew(object) ? running(object, made.length + index) : object)), ...made];
}

/** `namespace/name` of the Deployment it is a pod of; else empty. */
function deploymentNameOf(object: KubeObject): string {
  if (object.kind !== podKind.kind) return '';
  const owner = owningDeployment(object);
  return owner === undefined ? '' : `${object.metadata.namespace}/${owner.name}`;
}

function podOf(object: KubeObject): KubeObject | undefined {
  const deployment = parseObject(deploymentKind.schema, object);
  return deployment && buildPod(deployment, 'test', new Set());
}

/** At an address that no mesh gives its pods. */
function running(object: KubeObject, index: number): KubeObject {
  const pod = object.kind === podKind.kind ? parseObject(podKind.schema, object) : undefined;
  if (pod === undefined || pod.status?.podIP !== undefined) return object;
  const podIP = `100.126.${(index >> 8) & 255}.${index & 255}`;
  const containerStatuses = pod.spec.containers.map(({ name }) => ({ name, ready: true }));
  return { ...object, status: { phase: 'Running', podIP, containerStatuses } };
}
