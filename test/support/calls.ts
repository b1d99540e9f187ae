// What a program inside the mesh gets for a call, in the one word that a test compares: the status, or Node's code.
import type { Workload } from './mesh.ts';
import type { AgentCommand, AgentResult } from './workload-protocol.ts';

export type HttpOptions = Omit<Extract<AgentCommand, { do: 'http' }>, 'do' | 'host'>;

export function ask(from: Workload, host: string, options: HttpOptions = {}): Promise<AgentResult> {
  return from.perform({ do: 'http', host, ...options });
}

export async function statusOf(from: Workload, host: string, options: HttpOptions = {}): Promise<number | string> {
  const { status, error } = await ask(from, host, options);
  return status ?? error ?? '';
}

export async function bodyOf(from: Workload, host: string, options: HttpOptions = {}): Promise<string> {
  const { body, error } = await ask(from, host, options);
  return body ?? error ?? '';
}

/** Of a request inside TLS that the program began itself; the status line, or Node's code. */
export async function overTls(
  from: Workload,
  host: string,
  options: { readonly sni?: string; readonly port?: number } = {},
): Promise<string> {
  const { text, error } = await from.perform({ do: 'tls', host, ...options });
  return error ?? text?.split('\r\n')[0] ?? '';
}
