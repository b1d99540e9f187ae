// Objects that many tests need.
import type { KubeObject } from '../../src/api/object.ts';

/** A registered external host. */
export function serviceEntry(name: string, host = `${name}.example.com`, namespace = 'default'): KubeObject {
  return {
    apiVersion: 'networking.istio.io/v1',
    kind: 'ServiceEntry',
    metadata: { name, namespace },
    spec: {
      hosts: [host],
      ports: [{ number: 80, name: 'http', protocol: 'HTTP' }],
      resolution: 'DNS',
      location: 'MESH_EXTERNAL',
    },
  };
}

/** The same as the YAML a user writes. */
export function serviceEntryYaml(name: string, host = `${name}.example.com`): string {
  return `apiVersion: networking.istio.io/v1alpha3
kind: ServiceEntry
metadata:
  name: ${name}
spec:
  hosts:
  - ${host}
  ports:
  - number: 80
    name: http
    protocol: HTTP
  resolution: DNS
  location: MESH_EXTERNAL
`;
}
