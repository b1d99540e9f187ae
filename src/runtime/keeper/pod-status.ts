// What is told about a pod, out of its record. Pure.
import type { PodStatus, ProcessStatus } from '../protocol.ts';
import type { Place } from './capture.ts';
import { logFiles } from './log-files.ts';
import type { PodRecord, ProcessRecord } from './pod-record.ts';
import { recordsFile } from './records.ts';

const absent: ProcessStatus = { phase: 'Absent', ready: false, restarts: 0 };

export interface Readiness {
  /** The Envoy that runs has said so. */
  readonly proxyReady: boolean;
  /** Ports on which the program that runs does not listen. */
  readonly missingPorts: readonly number[];
}

export function podStatus(record: PodRecord, place: Place, readiness: Readiness, logsPath: string): PodStatus {
  const { namespace, name, spec } = record;
  const uid = spec?.uid ?? record.request.uid;
  const proxy = spec?.bootstrap === '' ? absent : proxyStatus(record.proxy, readiness.proxyReady);
  const logs = logFiles(logsPath, record);
  return {
    namespace,
    name,
    ...place,
    uid,
    workload: spec?.workload ?? name,
    app: appStatus(record, proxy, readiness.missingPorts),
    proxy,
    logs: {
      ...logs,
      // What a pod that is its Envoy alone has to say.
      ...(isEnvoyAlone(record) && { app: logs.access }),
      ...(proxy.phase !== 'Absent' && { records: recordsFile(logsPath, record, uid) }),
    },
  };
}

/** A gateway. */
export function isEnvoyAlone({ spec }: Pick<PodRecord, 'spec'>): boolean {
  return spec?.command.length === 0;
}

function appStatus(record: PodRecord, proxy: ProcessStatus, missing: readonly number[]): ProcessStatus {
  if (isEnvoyAlone(record)) return proxy;
  const { app } = record;
  const status = processStatus(app, app.phase === 'Running' && missing.length === 0);
  if (app.phase !== 'Running' || missing.length === 0) return status;
  return { ...status, reason: `does not listen on port ${missing.join(', ')}` };
}

function proxyStatus(record: ProcessRecord, ready: boolean): ProcessStatus {
  const status = processStatus(record, ready);
  if (status.phase !== 'Running' || ready) return status;
  return { ...status, phase: 'Pending', reason: 'Envoy is not ready yet' };
}

function processStatus({ process, failures: _, ...record }: ProcessRecord, ready: boolean): ProcessStatus {
  const { startedAt, exitCode, signal, reason, ...rest } = record;
  return {
    ...rest,
    ready,
    ...(process && { pid: process.pid }),
    ...(startedAt !== undefined && { startedAt }),
    ...(exitCode !== undefined && { exitCode }),
    ...(signal !== undefined && { signal }),
    ...(reason !== undefined && { reason }),
  };
}
