// Objects for the store's tests.
import type { KubeObject, ObjectKey } from '../../src/api/object.ts';

export function serviceEntry(name: string, hosts: readonly string[] = [`${name}.example`]): KubeObject {
  return {
    apiVersion: 'networking.istio.io/v1',
    kind: 'ServiceEntry',
    metadata: { name, namespace: 'default', labels: { app: 'shop' } },
    spec: {
      hosts,
      location: 'MESH_EXTERNAL',
      resolution: 'DNS',
      ports: [
        { number: 80, name: 'http', protocol: 'HTTP' },
        { number: 443, name: 'tls', protocol: 'TLS' },
      ],
    },
  };
}

export function entryKey(name: string): ObjectKey {
  return { group: 'networking.istio.io', kind: 'ServiceEntry', namespace: 'default', name };
}

export const namespaceKey: ObjectKey = { group: '', kind: 'Namespace', namespace: '', name: 'default' };
