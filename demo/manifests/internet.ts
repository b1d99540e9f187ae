// The simulated internet as a pod: outside of every mesh, on the host's own network, at an address of its own.
import type { Namespace } from '../../src/api/kinds/namespace.ts';
import type { Pod } from '../../src/api/kinds/pod.ts';
import type { KubeObject } from '../../src/api/object.ts';
import { httpPort, httpsPort } from '../internet/hosts.ts';
import { container, type DemoOptions } from './objects.ts';

const name = 'internet';

export function internetObjects(options: DemoOptions): readonly KubeObject[] {
  const namespace: Namespace = { apiVersion: 'v1', kind: 'Namespace', metadata: { name } };
  const pod: Pod = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name,
      namespace: name,
      labels: { app: name },
      annotations: { 'egress.sallyport.dev/host-address': options.address },
    },
    spec: {
      hostNetwork: true,
      containers: [
        container(options, {
          app: name,
          file: 'internet/main.ts',
          env: { HOST: options.address, PKI_DIR: options.pki },
          ports: [
            { name: 'http', port: httpPort },
            { name: 'https', port: httpsPort },
          ],
        }),
      ],
    },
  };
  return [namespace, pod];
}
