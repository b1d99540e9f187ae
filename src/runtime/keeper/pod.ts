// One pod: its place in the network, its Envoy and its program. The program starts when Envoy is ready, or when that
// has taken too long: without Envoy nothing leaves anyway. Invariants: what was done stands in the record; a spec
// that is the same again changes nothing, one that differs restarts only what it touches.
import { setTimeout as delay } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import type { ExecPlan, PodSpec, PodStatus, SandboxRequest } from '../protocol.ts';
import type { Place } from './capture.ts';
import { drainEnvoy } from './drain.ts';
import { endProcess, envoyGraceMs, programGraceMs } from './end-process.ts';
import { listeningPorts } from './listening.ts';
import { lastLine, logFiles } from './log-files.ts';
import { type PodProcessOptions, spawnEnvoy, spawnProgram } from './pod-processes.ts';
import { type PodRecord, type ProcessRecord, pending, removePodRecord, savePodRecord } from './pod-record.ts';
import { isEnvoyAlone, podStatus } from './pod-status.ts';
import { isRunning } from './process-id.ts';
import { createProgramReadiness } from './program-readiness.ts';
import { recordsFile } from './records.ts';
import type { RestartPolicy } from './restart-delay.ts';
import { makeXdsFolder, removeRunFiles, runFiles } from './run-files.ts';
import { createSidecar, type Sidecar } from './sidecar.ts';
import { createSupervisor, type Supervisor } from './supervisor.ts';

export interface PodOptions extends PodProcessOptions {
  readonly record: PodRecord;
  readonly restarts: { readonly program: RestartPolicy; readonly envoy: RestartPolicy };
  /** Milliseconds after which the program starts though Envoy is not ready. */
  readonly readyMs: number;
  readonly publish: (status: PodStatus) => void;
}

export interface Pod {
  /** Makes the pod's place, or takes it over. */
  settle(request: SandboxRequest): Promise<void>;
  /** After `settle`: brings Envoy and program to what the spec says. */
  run(spec: PodSpec): Promise<void>;
  /** Takes over what an earlier keeper ran; starts again what of it has ended meanwhile. */
  resume(): Promise<void>;
  /** Undefined until it has settled. */
  status(): PodStatus | undefined;
  /** Undefined if the program does not run. */
  execPlan(): ExecPlan | undefined;
  /** False for a gateway. */
  hasProgram(): boolean;
  /**
   * Ends everything; resolves when nothing is left but its logs. `gently`: Envoy, when a gateway has finished what it has
   * begun, and when it has told what was done last; else at once, for nobody listens any more.
   */
  remove(how: { readonly gently: boolean }): Promise<void>;
  /** A removal that goes on waits for nothing more. */
  hurry(): void;
  /** Leaves everything running and looks no more. */
  release(): void;
}

/** From the end of the program to that of its Envoy, which pushes its counters once a second and not at its end. */
const lastPushMs = 1_500;

/** Above what a pod may ask for: whoever asked for its removal waits. */
const longestDrainMs = 60_000;

/** How long an Envoy that runs already may take to say that it is ready. */
const takeOverMs = 500;

export function createPod(options: PodOptions): Pod {
  const { dataFolder, capture, publish, restarts } = options;
  const logs = logFiles(dataFolder.logsPath, options.record);
  const files = runFiles(dataFolder.runPath, options.record.index);
  let record = options.record;
  let place: Place | undefined;
  /** By which the pod finds its own address. */
  let placedAs: string | undefined;
  let sidecar: Sidecar | undefined;
  let program: Supervisor | undefined;
  let programStart = new AbortController();
  /** When the program last ended by itself, on the clock of `performance`. */
  let programEnd: number | undefined;
  const haste = new AbortController();
  const readiness = createProgramReadiness({
    ports: () => record.spec?.ports ?? [],
    listening: (pid) => {
      const { spec, app, index } = record;
      const inside = spec && app.process && capture.execPlan(index, app.process, spec);
      return place && inside && listeningPorts(pid, place.appIP);
    },
    onChange: announce,
  });

  function save(change: Partial<PodRecord>): void {
    record = { ...record, ...change };
    savePodRecord(dataFolder.keeperPath, record);
    announce();
  }

  function saveProgram(app: ProcessRecord): void {
    // Only what runs is saved with a process; what ends at once is never seen running.
    if (app.process === undefined) programEnd = performance.now();
    record = { ...record, app };
    readiness.follow(app);
    save({ app });
  }

  function status(): PodStatus | undefined {
    const known = { proxyReady: sidecar?.isReady() ?? false, missingPorts: readiness.missing() };
    return place && podStatus(record, place, known, dataFolder.logsPath);
  }

  function announce(): void {
    const current = status();
    if (current !== undefined) publish(current);
  }

  async function makePlace(hostname: string): Promise<Place> {
    const { namespace, name, index, dnsPort, programDnsPort, request } = record;
    const pod = { namespace, name };
    const made = await capture.makePlace({ ...request, pod, index, hostname, dnsPort, programDnsPort });
    makeXdsFolder(files, made.proxyUid);
    place = made;
    placedAs = hostname;
    save({ dnsPort: made.dns.port, programDnsPort: made.programDns?.port ?? 0 });
    return made;
  }

  function startSidecar(spec: PodSpec, { proxyUid }: Place): void {
    sidecar = undefined;
    if (spec.bootstrap === '') return;
    const records = recordsFile(dataFolder.logsPath, record, spec.uid);
    sidecar = createSidecar({
      record: record.proxy,
      restartPolicy: 'Always',
      delays: restarts.envoy,
      spawn: () => spawnEnvoy(options, record, { spec, uid: proxyUid, recordsFile: records }),
      end: (process) => endProcess(process, envoyGraceMs),
      lastWords: () => lastLine(logs.envoy),
      save: (proxy) => save({ proxy }),
      adminSocket: spec.bootstrap.includes(files.adminSocket) ? files.adminSocket : undefined,
      onReady: announce,
    });
    sidecar.start();
  }

  async function startProgram(spec: PodSpec): Promise<void> {
    programStart = new AbortController();
    const { signal } = programStart;
    const isNew = record.app.process === undefined;
    if (isNew) await sidecar?.readyOr(AbortSignal.any([signal, AbortSignal.timeout(options.readyMs)]));
    if (signal.aborted) return;
    program = createSupervisor({
      record: record.app,
      restartPolicy: spec.restartPolicy,
      delays: restarts.program,
      spawn: () => spawnProgram(options, record, spec),
      end: (process) => endProcess(process, programGraceMs, () => capture.endGently(record.index, process)),
      endRest: () => capture.endStrays(record.index, 'app'),
      lastWords: () => lastLine(logs.app),
      save: saveProgram,
    });
    readiness.follow(record.app);
    program.start();
  }

  async function stopProgram(): Promise<void> {
    programStart.abort();
    readiness.stop();
    await program?.stop();
    program = undefined;
  }

  async function lastPush(since: number): Promise<void> {
    if (sidecar?.record().process === undefined) return;
    const left = Math.max(0, since + lastPushMs - performance.now());
    await delay(left, undefined, { signal: haste.signal }).catch(() => undefined);
  }

  async function drain(): Promise<void> {
    const { drainSeconds } = record.spec ?? {};
    if (drainSeconds === undefined || sidecar?.record().process === undefined) return;
    await drainEnvoy(files.adminSocket, Math.min(drainSeconds * 1000, longestDrainMs), haste.signal);
  }

  return {
    async settle(request) {
      if (place !== undefined && isDeepStrictEqual(request, record.request)) return;
      save({ request });
      await makePlace(record.spec?.hostname ?? record.name);
    },
    async run(spec) {
      const before = record.spec;
      if (isDeepStrictEqual(spec, before)) return;
      const newProgram = before === undefined || !isDeepStrictEqual(programPart(spec), programPart(before));
      const newProxy = before === undefined || !isDeepStrictEqual(envoyPart(spec), envoyPart(before));
      if (newProgram) await stopProgram();
      if (newProxy) await sidecar?.stop();
      save({ spec, ...(newProgram && { app: pending }), ...(newProxy && { proxy: pending }) });
      const current = place !== undefined && placedAs === spec.hostname ? place : await makePlace(spec.hostname);
      if (newProxy || sidecar === undefined) startSidecar(spec, current);
      if (newProgram && spec.command.length > 0) void startProgram(spec);
    },
    async resume() {
      const { spec, index } = record;
      const current = await makePlace(spec?.hostname ?? record.name);
      if (spec === undefined) return;
      for (const part of ['app', 'proxy'] as const) {
        const { process } = record[part];
        if (process === undefined || !isRunning(process)) await capture.endStrays(index, part);
      }
      startSidecar(spec, current);
      // Nobody is to hear that a pod is not ready, only because nobody has asked yet.
      if (record.proxy.process !== undefined) await sidecar?.readyOr(AbortSignal.timeout(takeOverMs));
      if (spec.command.length > 0) void startProgram(spec);
    },
    status,
    execPlan() {
      const { spec, app, index } = record;
      return spec && app.process && capture.execPlan(index, app.process, spec);
    },
    hasProgram: () => !isEnvoyAlone(record),
    hurry: () => haste.abort(),
    async remove({ gently }) {
      const before = record.app.process === undefined ? programEnd : undefined;
      await stopProgram();
      if (gently) await drain();
      if (gently) await lastPush(before ?? performance.now());
      await sidecar?.stop();
      await capture.removePlace(record.index);
      removeRunFiles(files);
      removePodRecord(dataFolder.keeperPath, record);
    },
    release() {
      programStart.abort();
      readiness.stop();
      program?.release();
      sidecar?.release();
    },
  };
}

function programPart({ uid, command, env, cwd, user, hostname, restartPolicy }: PodSpec): object {
  return { uid, command, env, cwd, user, hostname, restartPolicy };
}

function envoyPart({ uid, bootstrap, envoyArgs }: PodSpec): object {
  return { uid, bootstrap, envoyArgs };
}
