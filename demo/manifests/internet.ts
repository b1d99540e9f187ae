// The simulated internet as pods: outside of every mesh, on the host's own network, each at an address of its own.
import type { Namespace } from '../../src/api/kinds/namespace.ts';
import type { Pod } from '../../src/api/kinds/pod.ts';
import type { KubeObject } from '../../src/api/object.ts';
import { databaseInstances, databasePorts, httpPort, httpsPort } from '../internet/hosts.ts';
import { container, type DemoOptions, type Program } from './objects.ts';

const name = 'internet';

export function internetObjects(options: DemoOptions): readonly KubeObject[] {
  const namespace: Namespace = { apiVersion: 'v1', kind: 'Namespace', metadata: { name } };
  const internet = outsidePod(options, name, options.address, {
    app: name,
    file: 'internet/main.ts',
    env: { PKI_DIR: options.pki },
    ports: [
      { name: 'http', port: httpPort },
      { name: 'https', port: httpsPort },
    ],
  });
  const databases = databaseInstances(options.address).map(({ region, address }) =>
    outsidePod(options, `orders-db-${region}`, address, {
      app: 'orders-db',
      file: 'app/main.ts',
      env: { ECHO_STR: `written in ${region}`, TCP_PORT: String(databasePorts.served) },
      ports: [
        { name: 'http', port: httpPort },
        { name: 'grpc', port: 8082 },
        { name: 'tcp', port: databasePorts.served },
      ],
    }),
  );
  return [namespace, internet, ...databases];
}

function outsidePod(options: DemoOptions, podName: string, address: string, program: Program): Pod {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name: podName,
      namespace: name,
      labels: { app: program.app },
      annotations: { 'egress.sallyport.dev/host-address': address },
    },
    spec: {
      hostNetwork: true,
      containers: [container(options, { ...program, env: { HOST: address, ...program.env } })],
    },
  };
}
