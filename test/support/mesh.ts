// A whole mesh for a test: a data folder of its own, `up --detach`, commands as a user types them, and hands inside its
// workloads. Takes everything down at the test's end and leaves nothing.
import { type ChildProcessWithoutNullStreams, execFile, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import type { Scope } from './envoy-process.ts';
import { freePort } from './ports.ts';
import type { AgentCommand, AgentResult } from './workload-protocol.ts';

const bin = resolve(import.meta.dirname, '../../bin/sallyport.cjs');
const agentFile = resolve(import.meta.dirname, 'workload-agent.ts');

export interface CommandOutcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface TestMesh {
  readonly data: string;
  readonly listen: string;
  /** Runs `sallyport …`; never throws for an exit code. */
  cli(...args: readonly string[]): Promise<CommandOutcome>;
  /** The same; throws when the exit code is not 0, else gives standard output. */
  run(...args: readonly string[]): Promise<string>;
  /** `apply -f -` with this YAML; throws unless it succeeds. */
  apply(yaml: string): Promise<string>;
  /** The same; whatever comes of it. */
  tryApply(yaml: string): Promise<CommandOutcome>;
  /** `delete -f -` with it; what is not there is no error. */
  remove(yaml: string): Promise<string>;
  /** Starts a workload that waits, and a hand inside it. */
  workload(name: string, options?: WorkloadOptions): Promise<Workload>;
  /** A hand inside a workload that runs already. */
  attach(name: string, namespace?: string): Workload;
}

export interface WorkloadOptions {
  readonly namespace?: string;
  /** `sleep infinity` if absent. */
  readonly command?: readonly string[];
  readonly args?: readonly string[];
}

export interface Workload {
  readonly name: string;
  perform(command: AgentCommand): Promise<AgentResult>;
}

export interface TestMeshOptions {
  /** Further arguments of `up`. */
  readonly up?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

export async function startMesh(t: Scope, options: TestMeshOptions = {}): Promise<TestMesh> {
  const data = mkdtempSync(join(tmpdir(), 'sallyport-test-'));
  const listen = `127.0.0.1:${await freePort()}`;
  const env = { ...process.env, SALLYPORT_DATA: data, NO_COLOR: '1', ...options.env };

  function cli(args: readonly string[], input?: string): Promise<CommandOutcome> {
    return new Promise((done) => {
      const child = execFile(
        process.execPath,
        [bin, ...args],
        { env, maxBuffer: 64 * 1024 * 1024 },
        (error, stdout, stderr) => done({ code: error === null ? 0 : Number(error.code ?? 1), stdout, stderr }),
      );
      child.stdin?.end(input);
    });
  }

  async function run(args: readonly string[], input?: string): Promise<string> {
    const { code, stdout, stderr } = await cli(args, input);
    if (code !== 0) throw new Error(`sallyport ${args.join(' ')} ended with ${code}:\n${stdout}${stderr}`);
    return stdout;
  }

  t.after(async () => {
    await cli(['down']);
    rmSync(data, { recursive: true, force: true });
  });
  await run(['up', '--detach', '--listen', listen, ...(options.up ?? [])]);

  return {
    data,
    listen,
    cli: (...args) => cli(args),
    run: (...args) => run(args),
    apply: (yaml) => run(['apply', '-f', '-'], yaml),
    tryApply: (yaml) => cli(['apply', '-f', '-'], yaml),
    remove: (yaml) => run(['delete', '--ignore-not-found', '-f', '-'], yaml),
    async workload(name, { namespace = 'default', command = ['sleep', 'infinity'], args = [] } = {}) {
      await run(['run', '--name', name, '-n', namespace, '--detach', ...args, '--', ...command]);
      return attach(t, env, name, namespace);
    },
    attach: (name, namespace = 'default') => attach(t, env, name, namespace),
  };
}

function attach(t: Scope, env: NodeJS.ProcessEnv, name: string, namespace: string): Workload {
  const args = [bin, 'exec', name, '-n', namespace, '--', process.execPath, agentFile];
  const child: ChildProcessWithoutNullStreams = spawn(process.execPath, args, { env });
  const waiting = new Map<number, { resolve: (result: AgentResult) => void; reject: (error: Error) => void }>();
  let count = 0;
  let complaints = '';
  child.stderr.on('data', (chunk: Buffer) => {
    complaints += chunk.toString('utf8');
  });
  createInterface({ input: child.stdout }).on('line', (line) => {
    const { id, result }: { id: number; result: AgentResult } = JSON.parse(line);
    waiting.get(id)?.resolve(result);
    waiting.delete(id);
  });
  child.on('close', (code) => {
    for (const { reject } of waiting.values()) reject(new Error(`the agent in ${name} ended (${code}): ${complaints}`));
  });
  t.after(() => {
    child.stdin.end();
  });
  return {
    name,
    perform: (command) =>
      new Promise((resolve, reject) => {
        count += 1;
        waiting.set(count, { resolve, reject });
        child.stdin.write(`${JSON.stringify({ id: count, command })}\n`);
      }),
  };
}

export interface ServicePort {
  readonly number: number;
  readonly name: string;
  readonly protocol: string;
  readonly targetPort?: number;
}

/** Metadata of a ServiceEntry whose hosts are given no address: they are reached at their own. */
export const withoutGivenAddress = { labels: { 'networking.istio.io/enable-autoallocate-ip': 'false' } } as const;

/** A ServiceEntry as YAML, with what most tests vary. */
export function serviceEntry(
  name: string,
  spec: {
    readonly hosts: readonly string[];
    readonly ports?: readonly ServicePort[];
    readonly resolution?: string;
    readonly [field: string]: unknown;
  },
  metadata: Readonly<Record<string, unknown>> = {},
): string {
  const ports = [{ number: 80, name: 'http', protocol: 'HTTP' }];
  return `${JSON.stringify({
    apiVersion: 'networking.istio.io/v1',
    kind: 'ServiceEntry',
    metadata: { name, ...metadata },
    spec: { ports, resolution: 'DNS', ...spec },
  })}\n---\n`;
}
