// Requests as fast as they are answered, from inside a network namespace, over kept-open connections. By wrk where the
// machine has it, else by raw sockets of Node: an HTTP client would cost more than the Envoy that is measured.
import { execFileSync, spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

export interface Load {
  /** `ip netns` name. */
  readonly namespace: string;
  readonly address: string;
  readonly port: number;
  readonly host: string;
  readonly seconds: number;
}

const hasWrk = spawnSync('wrk', ['--version']).error === undefined;
const connections = 16;

/** The number of answers; all must have been 200. */
export function load({ namespace, address, port, host, seconds }: Load): number {
  const url = `http://${address}:${port}/`;
  const client = hasWrk
    ? ['wrk', '-t1', `-c${connections}`, `-d${seconds}s`, '-H', `Host: ${host}`, url]
    : [
        process.execPath,
        fileURLToPath(new URL('raw-client.ts', import.meta.url)),
        address,
        String(port),
        host,
        String(seconds),
      ];
  const output = execFileSync('ip', ['netns', 'exec', namespace, ...client], { encoding: 'utf8' });
  if (/Non-2xx/.test(output)) throw new Error(`some requests to ${host} were refused:\n${output}`);
  const [, count] = /(\d+) requests in/.exec(output) ?? [];
  if (count === undefined) throw new Error(`no result of the load:\n${output}`);
  return Number(count);
}
