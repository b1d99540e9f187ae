// The objects every part of the demo is made of: one Deployment for each version of a service, one Service for its name.
import type { Deployment } from '../../src/api/kinds/deployment.ts';
import type { PodContainer } from '../../src/api/kinds/pod.ts';
import type { Service } from '../../src/api/kinds/service.ts';

export interface DemoOptions {
  /** Of the application; the internet has one of its own. */
  readonly namespace: string;
  /** The Node that runs the programs: an absolute path. */
  readonly node: string;
  /** This folder, `demo`: an absolute path. */
  readonly folder: string;
  /** The address of the simulated internet. */
  readonly address: string;
  /** The folder of its certificate authority. */
  readonly pki: string;
}

/** The image of a cluster. Locally the command is run as it is. */
const image = 'sallyport/demo';

export interface Port {
  readonly name: string;
  readonly port: number;
}

export interface Program {
  readonly app: string;
  readonly version?: string;
  /** Below the demo's folder. */
  readonly file: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly ports?: readonly Port[];
}

export function container(options: DemoOptions, { app, file, env = {}, ports = [] }: Program): PodContainer {
  return {
    name: app,
    image,
    command: [options.node, `${options.folder}/${file}`],
    env: Object.entries({ SERVICE: app, ...env }).map(([name, value]) => ({ name, value })),
    ports: ports.map(({ name, port }) => ({ name, containerPort: port })),
  };
}

/** `APP-VERSION`, or `APP` where the program has no versions. */
export function deployment(options: DemoOptions, program: Program): Deployment {
  const { app, version } = program;
  const labels = { app, version: version ?? 'v1' };
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: version === undefined ? app : `${app}-${version}`, namespace: options.namespace, labels },
    spec: {
      replicas: 1,
      selector: { matchLabels: labels },
      template: { metadata: { labels }, spec: { containers: [container(options, program)] } },
    },
  };
}

/** All versions of the app answer to its name. */
export function service({ namespace }: DemoOptions, app: string, ports: readonly Port[]): Service {
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: app, namespace, labels: { app } },
    spec: { selector: { app }, ports: ports.map(({ name, port }) => ({ name, port, targetPort: port })) },
  };
}
