// Brings a demo up: the mesh, the simulated internet, the application; and waits until every part of it is ready.
import { chmodSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { openAuthority } from '../../../demo/internet/authority.ts';
import { databaseInstances, internetHosts, resolveRules } from '../../../demo/internet/hosts.ts';
import { applicationObjects, internetObjects } from '../../../demo/manifests.ts';
import { allowedRangesAnnotation } from '../../api/annotations.ts';
import { hasErrors } from '../../platform/diagnostic.ts';
import { SallyportError } from '../../platform/errors.ts';
import type { Cli } from '../cli.ts';
import { diagnosticLines } from '../error-lines.ts';
import { bringUp } from '../lifecycle/bring-up.ts';
import { chooseCapture } from '../lifecycle/choose-capture.ts';
import { runningControlPlane } from '../lifecycle/control-plane-process.ts';
import { readUpSettings, type UpSettings } from '../lifecycle/up-settings.ts';
import { type DemoSettings, internetAddress, removeDemoFiles } from './demo-settings.ts';
import { workloadsReady } from './workloads-ready.ts';

export interface DemoRequest {
  readonly namespace: string;
  readonly given: Partial<Pick<UpSettings, 'listen' | 'capture' | 'envoy'>>;
}

const demoFolder = resolve(import.meta.dirname, '../../../demo');

/** Throws SallyportError if a mesh is up in this data folder, or when something does not come up. */
export async function startDemo(cli: Cli, { namespace, given }: DemoRequest): Promise<DemoSettings> {
  const folder = cli.dataFolder();
  await refuseIfUp(cli);
  const capture = await chooseCapture(cli, given.capture ?? 'auto');
  const address = internetAddress(folder, capture);
  const pki = mkdtempSync(join(tmpdir(), 'sallyport-demo-'));
  // Workloads read the CA's certificate in it.
  chmodSync(pki, 0o755);
  const demo: DemoSettings = { namespace, address, pki };
  try {
    // Proxies and programs read its certificate when they start, which may be before the internet does.
    await openAuthority(pki);
    await bringUp(cli, {
      given: { ...given, capture, files: [], resolve: resolveRules(address), demo },
      detach: true,
    });
    await allowInternet(cli, address);
    await applyDemo(cli, demo);
    return demo;
  } catch (error) {
    if (readUpSettings(folder)?.demo == null) removeDemoFiles(folder, demo);
    throw error;
  }
}

async function refuseIfUp(cli: Cli): Promise<void> {
  const folder = cli.dataFolder();
  const running = await runningControlPlane(folder);
  if (running === undefined && readUpSettings(folder) === undefined) return;
  throw new SallyportError('SP_ALREADY_UP', `a mesh is up in ${folder.path}`, {
    hint: `end it with: ${cli.name} down, or give the demo a folder of its own with --data`,
  });
}

/** Its addresses are no places outside; without this they would be refused as such. */
async function allowInternet(cli: Cli, address: string): Promise<void> {
  const addresses = [address, ...databaseInstances(address).map((instance) => instance.address)];
  const ranges = addresses.map((one) => `${one}/32`).join(', ');
  const metadata = { annotations: { [allowedRangesAnnotation]: ranges } };
  await cli.api().patch('istio', 'istio-system', 'mesh', { metadata });
}

async function applyDemo(cli: Cli, { namespace, address, pki }: DemoSettings): Promise<void> {
  cli.print(`simulated internet on ${address}: ${internetHosts.slice(0, 4).join(', ')}, …`);
  const options = { namespace, node: process.execPath, folder: demoFolder, address, pki };
  const objects = [...internetObjects(options), ...applicationObjects(options)];
  const { results } = await cli.api().apply(objects);
  const diagnostics = results.flatMap((result) => result.diagnostics);
  for (const line of diagnosticLines(diagnostics)) cli.warn(line);
  if (hasErrors(diagnostics)) throw new SallyportError('SP_DEMO', 'the demo could not be applied');
  const deployments = objects.filter(({ kind }) => kind === 'Deployment').map(({ metadata }) => metadata.name);
  await workloadsReady(cli, namespace, deployments);
  cli.print(`${deployments.length} workloads ready in namespace ${namespace}`);
}
