// The demo for tests: a data folder of its own, the program on it as a person runs it, what its internet has got.
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { get } from 'node:http';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import type { Scope } from './envoy-process.ts';
import { freePort } from './ports.ts';
import { programFile } from './run-sallyport.ts';

/** The demo's own HTTP client, to be run by Node inside workloads. */
export const client = resolve(import.meta.dirname, '../../demo/client/curl.cjs');

export interface Program {
  readonly data: string;
  /** Runs `sallyport …` on the same data folder to its end. */
  run(
    ...args: readonly string[]
  ): Promise<{ readonly code: number | null; readonly stdout: string; readonly stderr: string }>;
  start(...args: readonly string[]): ChildProcess;
}

export function program(t: Scope): Program {
  const data = mkdtempSync(join(tmpdir(), 'sallyport-test-'));
  const env = { ...process.env, SALLYPORT_DATA: data, NO_COLOR: '1' };
  const start = (...args: readonly string[]) =>
    spawn(process.execPath, [programFile, ...args], { env, stdio: ['ignore', 'pipe', 'pipe'] });
  const run: Program['run'] = async (...args) => {
    const child = start(...args);
    const exit = new Promise<number | null>((done) => child.once('close', done));
    const [stdout, stderr, code] = await Promise.all([text(child.stdout), text(child.stderr), exit]);
    return { code, stdout, stderr };
  };
  t.after(async () => {
    await run('down');
    rmSync(data, { recursive: true, force: true });
  });
  return { data, run, start };
}

export async function listen(): Promise<readonly string[]> {
  return ['--listen', `127.0.0.1:${await freePort()}`];
}

/** Starts a demo and resolves when it says that it is ready; what it said until then. */
export async function startDemo(
  own: Program,
  ...args: readonly string[]
): Promise<{ child: ChildProcess; said: string }> {
  const command = args[0] === 'install' ? [] : ['demo'];
  const child = own.start(...command, ...args, '--no-open', ...(await listen()));
  assert.ok(child.stdout !== null && child.stderr !== null);
  const complaints = text(child.stderr);
  let said = '';
  for await (const line of createInterface({ input: child.stdout })) {
    said += `${line}\n`;
    if (line === 'Ctrl-C takes it down') {
      child.stdout.resume();
      return { child, said };
    }
  }
  throw new Error(`the demo did not come up:\n${said}${await complaints}`);
}

export function exitOf(child: ChildProcess): Promise<number | null> {
  return new Promise((done) => child.once('exit', done));
}

/** What the simulated internet has got, by host. */
export function countsOutside(address: string): Promise<ReadonlyMap<string, number>> {
  return new Promise((done, failed) => {
    const headers = { host: 'internet.sim' };
    get({ host: address, port: 8080, path: '/__sim/requests', headers, agent: false }, async (answer) => {
      const body: Record<string, number> = JSON.parse(await text(answer));
      done(new Map(Object.entries(body)));
    }).once('error', failed);
  });
}
