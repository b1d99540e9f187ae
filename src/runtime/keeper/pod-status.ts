// What is told about a pod, out of its record. Pure.
import type { PodStatus, ProcessStatus } from '../protocol.ts';
import type { Place } from './capture.ts';
import { logFiles } from './log-files.ts';
import type { PodRecord, ProcessRecord } from './pod-record.ts';

/** `proxyReady`: the Envoy that runs has said so. */
export function podStatus(record: PodRecord, place: Place, proxyReady: boolean, logsPath: string): PodStatus {
  const { namespace, name, spec } = record;
  const proxy = proxyStatus(record.proxy, proxyReady);
  return {
    namespace,
    name,
    ...place,
    uid: spec?.uid ?? record.request.uid,
    workload: spec?.workload ?? name,
    app: appStatus(record, proxy),
    proxy,
    logs: logFiles(logsPath, record),
  };
}

function appStatus({ spec, app }: PodRecord, proxy: ProcessStatus): ProcessStatus {
  if (spec?.command.length === 0) return { ...proxy, reason: 'this pod is its Envoy alone' };
  return processStatus(app, app.phase === 'Running');
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
