// A real Envoy for a test: own temporary folder, own admin socket, one worker, gone when the test ends.
// Invariant: what startEnvoy starts is stopped and its folder removed by `stop` (called by `t.after`).
// The binary is SALLYPORT_ENVOY, else the cached copy of the pinned version.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chown, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { request } from 'node:http';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { createJournal, type Journal } from './journal.ts';
import { until } from './until.ts';

const envoyPath = process.env['SALLYPORT_ENVOY'] ?? join(homedir(), '.cache/sallyport/envoy/1.40.0/envoy');

/** What a test is: something that runs a clean-up at its end. */
export interface Scope {
  after(cleanUp: () => Promise<void> | void): void;
}

export interface EnvoyOptions {
  readonly t: Scope;
  /** The bootstrap as JSON; `admin` is set here, `node` if absent. */
  readonly bootstrap: Readonly<Record<string, unknown>>;
  /** Runs as this user and group, without supplementary groups; needs root. */
  readonly uid?: number;
  /** `live`: all workers serve. `admin`: only the admin answers, for tests of a start that hangs. */
  readonly waitFor?: 'live' | 'admin';
  readonly args?: readonly string[];
}

export interface EnvoyProcess {
  readonly pid: number;
  /** Temporary folder, removed by stop. */
  readonly folder: string;
  /** Lines on standard output: the access log, if it goes to envoy.access_loggers.stdout. */
  readonly stdout: Journal<string>;
  /** Lines on standard error: Envoy's own log. */
  readonly log: Journal<string>;
  /** Body of an admin page; throws on a status that is no success. */
  admin(path: string, method?: 'GET' | 'POST'): Promise<string>;
  /** Value of one counter or gauge; 0 if it does not exist. */
  stat(name: string): Promise<number>;
  /** The port a listener with port 0 got. */
  listenerPort(name: string): Promise<number>;
  /** `LIVE`, `PRE_INITIALIZING`, `INITIALIZING`, `DRAINING`. */
  state(): Promise<string>;
  /** Resident memory in bytes. */
  memory(): Promise<number>;
  /** CPU time used so far, in milliseconds (user and system). */
  cpu(): Promise<number>;
  stop(): Promise<void>;
}

export async function startEnvoy(options: EnvoyOptions): Promise<EnvoyProcess> {
  const { t, uid, waitFor = 'live' } = options;
  const folder = await mkdtemp(join(tmpdir(), 'sp-envoy-'));
  const adminSocket = join(folder, 'admin.sock');
  const file = join(folder, 'bootstrap.json');
  const bootstrap = {
    node: { id: 'lab', cluster: 'lab' },
    ...options.bootstrap,
    admin: { address: { pipe: { path: adminSocket } } },
  };
  await writeFile(file, JSON.stringify(bootstrap));
  if (uid !== undefined) await chown(folder, uid, uid);

  const fixed = ['--use-dynamic-base-id', '--concurrency', '1', '--file-flush-interval-msec', '20', '-l', 'warning'];
  const [command, ...prefix] = envoyCommand(uid);
  // In its own folder, where what a configuration names without a path is written, records for instance.
  const child = spawn(command, [...prefix, '-c', file, ...fixed, ...(options.args ?? [])], {
    cwd: folder,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const exited = new Promise<string>((resolve) => {
    child.on('error', (error) => resolve(error.message));
    child.on('exit', (code, signal) => resolve(`exit ${code ?? signal}`));
  });
  const stdout = createJournal<string>('standard output of Envoy');
  const log = createJournal<string>('log of Envoy');
  createInterface({ input: child.stdout }).on('line', (line) => stdout.push(line));
  createInterface({ input: child.stderr }).on('line', (line) => log.push(line));

  async function stop(): Promise<void> {
    if (running(child)) {
      child.kill('SIGTERM');
      const late = setTimeout(() => child.kill('SIGKILL'), 5000);
      await exited;
      clearTimeout(late);
    }
    await rm(folder, { recursive: true, force: true });
  }
  t.after(stop);

  const admin = (path: string, method: 'GET' | 'POST' = 'GET') => askAdmin(adminSocket, path, method);
  const state = async () => stateOf(await admin('/server_info'));
  const wanted = async () => {
    if (!running(child)) return 'gone';
    const now = await state();
    return waitFor === 'admin' || now === 'LIVE' ? now : undefined;
  };
  const outcome = await until(`Envoy is ${waitFor}`, wanted, 20_000);
  if (outcome === 'gone') throw new Error(`Envoy ended (${await exited}):\n${log.items.slice(-20).join('\n')}`);

  const pid = child.pid ?? 0;
  return {
    pid,
    folder,
    stdout,
    log,
    admin,
    state,
    stop,
    stat: async (name) => statOf(await admin(`/stats?filter=^${encodeURIComponent(escapeRegex(name))}$`), name),
    listenerPort: async (name) =>
      until(`listener ${name} has a port`, async () => portOf(await admin('/listeners?format=json'), name)),
    memory: async () => rssOf(await readFile(`/proc/${pid}/status`, 'utf8')),
    cpu: async () => cpuOf(await readFile(`/proc/${pid}/stat`, 'utf8')),
  };
}

/** Command and first arguments; setpriv, since it may run a binary that lies in a folder closed to that user. */
export function envoyCommand(uid?: number): readonly [string, ...string[]] {
  if (uid === undefined) return [envoyPath];
  return ['setpriv', '--reuid', `${uid}`, '--regid', `${uid}`, '--clear-groups', envoyPath];
}

export interface Validation {
  readonly ok: boolean;
  /** What Envoy wrote. */
  readonly output: string;
}

/** `envoy --mode validate` on a whole bootstrap. A crash of the validator throws: it is no verdict. */
export async function validateConfig(bootstrap: Readonly<Record<string, unknown>>): Promise<Validation> {
  const args = ['--mode', 'validate', '--use-dynamic-base-id', '-l', 'warning', '--config-yaml'];
  const folder = await mkdtemp(join(tmpdir(), 'sp-validate-'));
  const child = spawn(envoyPath, [...args, JSON.stringify(bootstrap)], {
    cwd: folder,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const chunks: Buffer[] = [];
  child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk));
  child.stderr.on('data', (chunk: Buffer) => chunks.push(chunk));
  const [code]: unknown[] = await once(child, 'close');
  await rm(folder, { recursive: true, force: true });
  const output = Buffer.concat(chunks).toString('utf8');
  if (code !== 0 && code !== 1) throw new Error(`the validator crashed (${String(code)}):\n${output}`);
  return { ok: code === 0, output };
}

function running(child: ChildProcess): boolean {
  return child.pid !== undefined && child.exitCode === null && child.signalCode === null;
}

function askAdmin(socketPath: string, path: string, method: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const outgoing = request({ socketPath, path, method, agent: false, headers: { host: 'admin' } }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', reject);
      response.on('end', () => {
        const body = Buffer.concat(chunks).toString('utf8');
        if (response.statusCode === 200) resolve(body);
        else reject(new Error(`admin ${path}: ${response.statusCode} ${body}`));
      });
    });
    outgoing.on('error', reject);
    outgoing.end();
  });
}

function stateOf(serverInfo: string): string {
  return /"state":\s*"(\w+)"/.exec(serverInfo)?.[1] ?? 'unknown';
}

function statOf(page: string, name: string): number {
  const line = page.split('\n').find((text) => text.startsWith(`${name}: `));
  return line === undefined ? 0 : Number(line.slice(name.length + 2));
}

function escapeRegex(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
}

interface ListenerStatuses {
  readonly listener_statuses?: readonly {
    readonly name?: string;
    readonly local_address?: { readonly socket_address?: { readonly port_value?: number } };
  }[];
}

function portOf(page: string, name: string): number | undefined {
  const { listener_statuses: statuses }: ListenerStatuses = JSON.parse(page);
  const port = statuses?.find((status) => status.name === name)?.local_address?.socket_address?.port_value;
  return port === 0 ? undefined : port;
}

function rssOf(procStatus: string): number {
  return Number(/^VmRSS:\s+(\d+) kB/m.exec(procStatus)?.[1] ?? 0) * 1024;
}

/** Fields 14 and 15 of /proc/PID/stat, in ticks of 10 ms. */
function cpuOf(procStat: string): number {
  const fields = procStat.slice(procStat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) * 10;
}
