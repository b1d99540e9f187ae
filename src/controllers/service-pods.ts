// Services and the pods of their namespaces, as the store tells them. What cannot be read any more counts as gone.
import { type Pod, podKind } from '../api/kinds/pod.ts';
import { type Service, serviceKind } from '../api/kinds/service.ts';
import type { KubeObject } from '../api/object.ts';

/** Services are known by their paths, `<namespace>/<name>`. */
export interface ServicePods {
  /** Both return the paths of the Services that it may concern. */
  takeService(object: KubeObject, isGone: boolean): readonly string[];
  takePod(object: KubeObject, isGone: boolean): readonly string[];
  service(path: string): Service | undefined;
  paths(): readonly string[];
  pods(namespace: string): Iterable<Pod>;
}

export function createServicePods(): ServicePods {
  const services = new Map<string, Service>();
  /** By namespace and name. */
  const pods = new Map<string, Map<string, Pod>>();

  return {
    takeService(object, isGone) {
      const path = `${namespaceOf(object)}/${object.metadata.name}`;
      const service = serviceKind.schema.safeParse(object);
      if (isGone || !service.success) services.delete(path);
      else services.set(path, service.data);
      return [path];
    },
    takePod(object, isGone) {
      const namespace = namespaceOf(object);
      const own = pods.get(namespace) ?? new Map<string, Pod>();
      pods.set(namespace, own);
      const pod = podKind.schema.safeParse(object);
      if (isGone || !pod.success) own.delete(object.metadata.name);
      else own.set(object.metadata.name, podKind.withDefaults(pod.data));
      if (own.size === 0) pods.delete(namespace);
      return [...services.keys()].filter((path) => path.startsWith(`${namespace}/`));
    },
    service: (path) => services.get(path),
    paths: () => [...services.keys()],
    pods: (namespace) => pods.get(namespace)?.values() ?? [],
  };
}

function namespaceOf({ metadata }: KubeObject): string {
  return metadata.namespace ?? 'default';
}
