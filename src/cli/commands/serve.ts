// `serve`: the control plane of a mesh that `up --detach` starts; not for people.
import type { Command } from 'commander';
import type { Cli } from '../cli.ts';
import { serveMesh } from '../lifecycle/serve-mesh.ts';

export function register(command: Command, cli: Cli): void {
  command.action(async () => {
    const controlPlane = await serveMesh(cli.dataFolder(), cli.signal);
    await controlPlane.closed;
  });
}
