// Namespace objects as the local store sees them. Kubernetes: an object in a namespace that does not exist is
// refused; here: the Namespace is created with it, since on one machine nobody prepares namespaces first.
import type { KubeObject, ObjectKey } from '../../api/object.ts';

export function isNamespaceKey(key: ObjectKey): boolean {
  return key.group === '' && key.kind === 'Namespace';
}

export function namespaceObject(name: string): KubeObject {
  return { apiVersion: 'v1', kind: 'Namespace', metadata: { name } };
}

/** The names of the namespaces that these objects stand in. */
export function namespacesOf(keys: Iterable<ObjectKey>): ReadonlySet<string> {
  const names = new Set<string>();
  for (const { namespace } of keys) if (namespace !== '') names.add(namespace);
  return names;
}
