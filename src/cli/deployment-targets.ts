// The Deployments that a command line names: `deployment NAME…`, `deploy/NAME…`, `deployments.apps/NAME`.
import type { Deployment } from '../api/kinds/deployment.ts';
import type { KubeObject } from '../api/object.ts';
import type { KindNames } from '../server/wire.ts';
import type { Cli } from './cli.ts';
import { objectTargets } from './object-targets.ts';
import { usageError } from './usage.ts';

export interface DeploymentTarget {
  /** As typed. */
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
  readonly names: KindNames;
  /** As it is stored, without defaults. */
  readonly object: Deployment;
}

/** `all`: those of the namespace, where no name is given. Throws ApiError for one that is not there. */
export async function deploymentTargets(
  cli: Cli,
  words: readonly string[],
  all = false,
): Promise<readonly DeploymentTarget[]> {
  const { namespace } = cli.options();
  const found: DeploymentTarget[] = [];
  for (const { kind, name } of objectTargets(words)) {
    if (name === undefined && !all) throw usageError('name a Deployment: deployment/NAME');
    const query = name === undefined ? { namespace } : { namespace, name };
    const { names, items } = await cli.api().objects(kind, query);
    for (const object of items) {
      if (!isDeployment(names, object)) throw usageError(`'${kind}' is no Deployment`, 'write deployment/NAME');
      found.push({ kind, namespace, name: object.metadata.name, names, object });
    }
  }
  return found;
}

/** The control plane has checked the object against its kind. */
export function isDeployment({ group, kind }: KindNames, object: KubeObject): object is Deployment {
  return group === 'apps' && kind === 'Deployment' && object.spec !== undefined;
}
