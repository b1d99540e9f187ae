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
    app: spec?.command.length === 0 ? { ...proxy, reason: 'this pod is its Envoy alone' } : processStatus(record.app),
    proxy,
    logs: logFiles(logsPath, record),
  };
}

function proxyStatus(record: ProcessRecord, ready: boolean): ProcessStatus {
  const status = processStatus(record);
  if (status.phase !== 'Running' || ready) return status;
  return { ...status, phase: 'Pending', reason: 'Envoy is not ready yet' };
}

function processStatus({ process, failures: _, ...record }: ProcessRecord): ProcessStatus {
  const { startedAt, exitCode, signal, reason, ...rest } = record;
  return {
    ...rest,
    ...(process && { pid: process.pid }),
    ...(startedAt !== undefined && { startedAt }),
    ...(exitCode !== undefined && { exitCode }),
    ...(signal !== undefined && { signal }),
    ...(reason !== undefined && { reason }),
  };
}
