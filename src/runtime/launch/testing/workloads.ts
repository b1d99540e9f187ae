// A sandbox in which a test's programs run, as the keeper would start them.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before } from 'node:test';
import { until } from '../../../../test/support/until.ts';
import { renderResolvConf } from '../../dns/resolv-conf.ts';
import type { Sandbox } from '../../network/addresses.ts';
import { createTestMesh, type TestMesh } from '../../network/testing/test-mesh.ts';
import type { PodSpec } from '../../protocol.ts';
import { appCommand } from '../app-command.ts';
import { programPid } from '../program.ts';
import { type Scope, type Started, start } from './started.ts';

export const nobody = { uid: 65534, gid: 65534, groups: [] };
export const root = { uid: 0, gid: 0, groups: [] };
export const path = '/usr/sbin:/usr/bin:/sbin:/bin';
/** A file of this name lies in the mesh's data folder. */
export const secretFile = 'secret';

export interface Workloads {
  readonly mesh: () => TestMesh;
  readonly sandbox: () => Sandbox;
  run(t: Scope, spec: Pick<PodSpec, 'command'> & Partial<PodSpec>): Started;
  shell(t: Scope, script: string, spec?: Partial<PodSpec>): Started;
}

/** Made before the tests of the file, removed after them. */
export function testWorkloads(): Workloads {
  let mesh: TestMesh | undefined;
  let sandbox: Sandbox | undefined;
  const known = <T>(value: T | undefined): T => {
    if (value === undefined) throw new Error('there is no mesh yet');
    return value;
  };
  before(async () => {
    mesh = await createTestMesh();
    sandbox = await mesh.sandbox(0);
    writeFileSync(join(mesh.dataPath, secretFile), 'secret');
    writeFileSync(join(mesh.runPath, 'resolv.conf'), renderResolvConf(sandbox.relayIP, 'shop'));
  });
  after(() => mesh?.remove());

  function run(t: Scope, spec: Pick<PodSpec, 'command'> & Partial<PodSpec>): Started {
    const { dataPath, runPath } = known(mesh);
    const common = {
      uid: 'u',
      workload: 'web',
      hostname: 'web-1',
      ports: [],
      bootstrap: '{}',
      envoyArgs: [],
      cwd: '/tmp',
    };
    const whole: PodSpec = { ...common, env: { PATH: path }, user: root, restartPolicy: 'Never', ...spec };
    const hiddenPaths = [dataPath, '/run/sallyport'];
    const resolvConf = join(runPath, 'resolv.conf');
    return start(appCommand({ sandbox: known(sandbox), spec: whole, hiddenPaths, resolvConf }), t);
  }

  return {
    mesh: () => known(mesh),
    sandbox: () => known(sandbox),
    run,
    shell: (t, script, spec = {}) => run(t, { ...spec, command: ['sh', '-c', script] }),
  };
}

/** Resolves to the program's pid on the host. */
export function running(started: Started): Promise<number> {
  return until('the program runs', () => programPid(started.pid));
}
