// stub
import type { Sandbox } from '../network/addresses.ts';
import type { Command } from './app-command.ts';

export interface EnvoyOptions {
  readonly sandbox: Sandbox;
  readonly envoyPath: string;
  /** After the fixed ones: `-c bootstrap.json`, `--drain-time-s 10`, … */
  readonly args: readonly string[];
  readonly proxyUid: number;
  /** Envoy's working folder (SandboxStatus.xdsPath); stays visible. */
  readonly xdsPath: string;
  /** Folder of its logs; stays visible, must be writable by proxyUid. */
  readonly logsPath: string;
  /** As for the application; xdsPath must lie under one of them. */
  readonly hiddenPaths: readonly string[];
}

/** Starts Envoy; the process spawned becomes Envoy itself. */
export declare function envoyCommand(options: EnvoyOptions): Command;
