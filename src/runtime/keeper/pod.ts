// One pod: its place in the network, its Envoy and its program. The program starts when Envoy is ready, or when it
// has not become so in time: without Envoy nothing leaves anyway. Invariant: what the record says was saved before
// it was done; a spec that is the same again changes nothing.
import { spawn } from 'node:child_process';
import type { DataFolder } from '../../platform/data-folder.ts';
import type { ExecPlan, PodSpec, PodStatus, ProcessStatus, SandboxRequest, SandboxStatus } from '../protocol.ts';
import type { Capture, Command, Place } from './capture.ts';
import { endProcess, envoyGraceMs, programGraceMs } from './end-process.ts';
import { becomesReady } from './envoy-ready.ts';
import { lastLine, logFiles, logFolder, withLogs } from './log-files.ts';
import { type PodRecord, type ProcessRecord, pending, removePodRecord, savePodRecord } from './pod-record.ts';
import { envoyRestarts, programRestarts, type RestartPolicy } from './restart-delay.ts';
import { makeXdsFolder, removeRunFiles, runFiles, writeBootstrap } from './run-files.ts';
import { createSupervisor, type Supervisor } from './supervisor.ts';
