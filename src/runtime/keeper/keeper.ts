// The keeper: a kubelet's part in a local mesh. It parents workloads and Envoys, owns namespaces, DNS, log files and
// restarts, and holds no policy. A signal makes it exit and leave everything running, for the next keeper to take
// over; only a shutdown ends what it keeps.
import { rmSync } from 'node:fs';
import type { Server } from 'node:http';
import type { DataFolder } from '../../platform/data-folder.ts';
import { SallyportError } from '../../platform/errors.ts';
import type { Logger } from '../../platform/log.ts';
import { packageVersion } from '../../platform/version.ts';
import { readEnvoyVersion } from '../envoy-supply/inspect.ts';
import { undoHostJournal } from '../network/host.ts';
import { hostJournalFile } from '../network/host-journal.ts';
import type { Ended, KeeperConfig, KeeperEvent } from '../protocol.ts';
import type { Capture } from './capture.ts';
import { createEventHub } from './events.ts';
import { withHostPods } from './host-pods.ts';
import { readConfig, saveCapture, saveConfig, saveKeeperId } from './keeper-files.ts';
import { readLoadBalancers } from './load-balancer-record.ts';
import { createLoadBalancers, loadBalancerOf } from './load-balancers.ts';
import { tryLock } from './lock.ts';
import { startLogKeeping } from './log-keeping.ts';
import { readPodRecords } from './pod-record.ts';
import { createPods, type Pods } from './pods.ts';
import { identifyProcess } from './process-id.ts';
import { createProxyCapture } from './proxy-capture.ts';
import { createRedirectCapture } from './redirect-capture.ts';
import { envoyRestarts, programRestarts } from './restart-delay.ts';
import { makeRunFolder } from './run-files.ts';
import { listen } from './server.ts';

export interface KeeperOptions {
  readonly dataFolder: DataFolder;
  /** Path of the Envoy that sidecars run. */
  readonly envoy: string;
  readonly capture: Capture['kind'];
  readonly log: Logger;
  /** Ends the keeper and nothing else. */
  readonly signal: AbortSignal;
}

const readyMs = 20_000;

/**
 * Serves until the signal aborts or a shutdown was asked for. Throws `SP_KEEPER_RUNS` if this data folder has a
 * keeper, and what the machine lacks.
 */
export async function runKeeper(options: KeeperOptions): Promise<void> {
  const { dataFolder, log, signal } = options;
  const { keeperPath, keeperSocket, runPath } = dataFolder;
  const lock = tryLock(keeperPath);
  if (lock === undefined) {
    throw new SallyportError('SP_KEEPER_RUNS', `another keeper runs for ${dataFolder.path}`, {
      hint: 'end it with: down',
    });
  }
  const envoy = { path: options.envoy, version: await readEnvoyVersion(options.envoy, signal) };
  const own = identifyProcess(process.pid);
  if (own !== undefined) saveKeeperId(keeperPath, own);
  makeRunFolder(runPath);
  const events = createEventHub();
  const config = readConfig(keeperPath);
  const balancers = readLoadBalancers(keeperPath);
  const create = options.capture === 'redirect' ? createRedirectCapture : createProxyCapture;
  const there = { config, loadBalancers: balancers.map(loadBalancerOf) };
  const capture = withHostPods(await create({ dataFolder, envoyPath: envoy.path, ...there, signal }), dataFolder);
  saveCapture(keeperPath, capture.kind);
  const restarts = { program: programRestarts, envoy: envoyRestarts };
  const publish = (event: KeeperEvent) => events.publish(event);
  const pods = createPods({ dataFolder, capture, restarts, readyMs, publish, log });
  const loadBalancers = createLoadBalancers({ keeperPath, capture, records: balancers });
  const records = readPodRecords(keeperPath);
  // Connections to load balancers go to the pods that are there already.
  await loadBalancers
    .resume()
    .catch((error: unknown) => log.error({ err: error }, 'load balancers could not be taken over'));
  await pods.resume(records);
  log.info({ pods: records.length, envoy: envoy.version }, 'keeper started');

  const down = new AbortController();
  const startedAt = new Date().toISOString();
  const server = await listen(keeperSocket, {
    pods,
    loadBalancers,
    events,
    status: () => ({
      pid: process.pid,
      startedAt,
      version: packageVersion(),
      envoy,
      capture: capture.kind,
      hostChanges: capture.hostChanges(),
    }),
    setConfig: (next) => setConfig(dataFolder, capture, next),
    shutdown: () => shutdown(dataFolder, pods, capture, down),
  });
  const logKeeping = startLogKeeping({ dataFolder, pods: pods.list, log });
  await aborted(AbortSignal.any([signal, down.signal]));
  logKeeping.stop();
  events.close();
  await close(server);
  pods.release();
  await capture.close();
  rmSync(keeperSocket, { force: true });
  lock.release();
  log.info({ down: down.signal.aborted }, 'keeper ended');
}

async function setConfig(dataFolder: DataFolder, capture: Capture, config: KeeperConfig): Promise<void> {
  await capture.setConfig(config);
  saveConfig(dataFolder.keeperPath, config);
}

async function shutdown(dataFolder: DataFolder, pods: Pods, capture: Capture, down: AbortController): Promise<Ended> {
  // A gateway's two are one process.
  const running = pods.list().flatMap(({ app, proxy }) => [app.pid, proxy.pid]);
  const ended = new Set(running.filter((pid) => pid !== undefined)).size;
  await pods.removeAll();
  await capture.close();
  const undone = await undoHostJournal(hostJournalFile(dataFolder.runPath));
  setImmediate(() => down.abort());
  return { undone, ended };
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener('abort', () => resolve(), { once: true });
  });
}

/** Lets answers that are being sent arrive, cuts off what idles. */
function close(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeIdleConnections();
  });
}
