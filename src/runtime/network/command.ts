// Runs the system's own tools (ip, nft, mount, …). Never through a shell: arguments are passed as they are.
import { spawn } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { join } from 'node:path';
import { SallyportError } from '../../platform/errors.ts';

const systemPath = ['/usr/local/sbin', '/usr/local/bin', '/usr/sbin', '/usr/bin', '/sbin', '/bin'];

/** The absolute path of a tool, looked for in PATH and in the system's own folders; undefined if there is none. */
export function findTool(name: string): string | undefined {
  for (const folder of toolFolders()) {
    const path = join(folder, name);
    if (!path.startsWith('/')) continue;
    try {
      accessSync(path, constants.X_OK);
      return path;
    } catch {
      // Not in this folder.
    }
  }
  return undefined;
}

function toolFolders(): readonly string[] {
  return [...(process.env['PATH'] ?? '').split(':'), ...systemPath];
}

/** As findTool, but throws an error that names the tool. */
export function requireTool(name: string): string {
  const path = findTool(name);
  if (path !== undefined) return path;
  const hint = 'install it, or use `--capture proxy`, which needs no such tools';
  throw new SallyportError('SP_TOOL_MISSING', `this machine has no ${name}`, { hint });
}

export interface CommandOptions {
  /** Written to the tool's standard input. */
  readonly input?: string;
  readonly signal?: AbortSignal;
}

/** Resolves to standard output; throws with the tool's own words if it fails. */
export async function runTool(name: string, args: readonly string[], options: CommandOptions = {}): Promise<string> {
  const path = requireTool(name);
  return new Promise((resolve, reject) => {
    // What a tool runs in its turn, it finds where we found the tool.
    const env = { ...process.env, PATH: toolFolders().join(':') };
    const child = spawn(path, args, { cwd: '/', env, ...(options.signal && { signal: options.signal }) });
    let stdout = '';
    let stderr = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      stdout += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      stderr += text;
    });
    child.on('error', reject);
    child.on('close', (code, killedBy) => {
      if (code === 0) return resolve(stdout);
      const words = stderr.trim().split('\n')[0] || `ended with ${killedBy ?? code}`;
      reject(new SallyportError('SP_TOOL_FAILED', `${name} ${args.join(' ').slice(0, 200)}: ${words}`));
    });
    // A tool that ends before it has read everything says why on standard error.
    child.stdin.on('error', () => {});
    child.stdin.end(options.input ?? '');
  });
}

/** Runs a tool inside a network namespace made by `ip netns`. */
export function runInNamespace(
  file: string,
  name: string,
  args: readonly string[],
  options: CommandOptions = {},
): Promise<string> {
  return runTool('nsenter', [`--net=${file}`, '--', requireTool(name), ...args], options);
}
