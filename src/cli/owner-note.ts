// A Deployment that belongs to a gateway is set back to what the gateway says: who changes it is told where to.
import { printedName } from '../server/kind-names.ts';
import type { Cli } from './cli.ts';
import type { DeploymentTarget } from './deployment-targets.ts';

/** `field`: of the owner, in place of what was changed. */
export function ownerNote(cli: Cli, { names, name, object }: DeploymentTarget, field: string): void {
  const owner = object.metadata.ownerReferences?.find(({ controller }) => controller === true);
  if (owner === undefined) return;
  const text = `${printedName(names, name)} belongs to ${owner.kind} ${owner.name}, which sets it back`;
  cli.warn(`note: ${text}; change ${field} there`);
}
