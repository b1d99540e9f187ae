// A call over raw TCP: one line there, one line back.
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import type { Environment } from '../program/environment.ts';
import { failureReason } from '../program/failure.ts';
import { callTimeoutMs } from '../program/http-client.ts';
import { openTunnel, tunnelProxy } from '../program/proxy.ts';
import type { Target } from './requests.ts';

/** Of an answer no more is read. */
const longestAnswer = 4096;

/** `12 bytes (3 ms)`, or why there was no answer. */
export async function callTcp({ host, port }: Target, env: Environment): Promise<string> {
  const started = performance.now();
  const signal = AbortSignal.timeout(callTimeoutMs);
  const took = () => `(${Math.round(performance.now() - started)} ms)`;
  let socket: Socket | undefined;
  try {
    socket = await open(host, port, env, signal);
    const length = await exchange(socket, signal);
    return length === 0 ? `closed without an answer ${took()}` : `${length} bytes ${took()}`;
  } catch (error) {
    return `${failureReason(signal.aborted ? signal.reason : error)} ${took()}`;
  } finally {
    socket?.destroy();
  }
}

async function open(host: string, port: number, env: Environment, signal: AbortSignal): Promise<Socket> {
  const proxy = tunnelProxy(env, host, port);
  if (proxy !== undefined) return openTunnel(proxy, host, port, signal);
  const socket = connect(port, host);
  await once(socket, 'connect', { signal });
  return socket;
}

async function exchange(socket: Socket, signal: AbortSignal): Promise<number> {
  signal.addEventListener('abort', () => socket.destroy(new Error('timed out')), { once: true });
  socket.write('request\n');
  let length = 0;
  for await (const chunk of socket) {
    const bytes = Buffer.from(chunk);
    length += bytes.length;
    if (bytes.includes('\n') || length > longestAnswer) break;
  }
  return length;
}
