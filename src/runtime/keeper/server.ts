// The keeper's HTTP server on its Unix socket (0600: who may open it may do anything the keeper can).
// Answers are JSON; what cannot be done is `{code, message, hint}` with 400, 404, 409 or 500.
import { rmSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { messageOf, SallyportError } from '../../platform/errors.ts';
import type { EventHub } from './events.ts';
import { badRequest } from './requests.ts';
import { type RouteDeps, route } from './routes.ts';

export interface ServerDeps extends RouteDeps {
  readonly events: EventHub;
}

const largestBody = 16 * 1024 * 1024;
const statusOfCode: ReadonlyMap<string, number> = new Map([
  ['SP_BAD_REQUEST', 400],
  ['SP_NOT_RUNNING', 404],
  ['SP_POD_GONE', 409],
]);

/** Resolves when it listens. A socket left by a keeper that died is replaced: the lock says that none lives. */
export async function listen(socketPath: string, deps: ServerDeps): Promise<Server> {
  const server = createServer((request, response) => void answer(deps, request, response));
  rmSync(socketPath, { force: true });
  const mask = process.umask(0o177);
  try {
    const listening = Promise.withResolvers<void>();
    server.once('error', listening.reject);
    server.listen(socketPath, listening.resolve);
    await listening.promise;
  } finally {
    process.umask(mask);
  }
  return server;
}

async function answer(deps: ServerDeps, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { method = 'GET', url = '/' } = request;
  if (method === 'GET' && url === '/v1/events') {
    deps.events.subscribe(
      response,
      deps.pods.list().map((pod) => ({ type: 'pod', pod })),
    );
    return;
  }
  try {
    const body = await route(deps, method, url, await readBody(request));
    if (body === undefined) response.writeHead(204).end();
    else send(response, 200, body);
  } catch (error) {
    const known = error instanceof SallyportError;
    const code = known ? error.code : 'SP_INTERNAL';
    const hint = known && error.hint !== undefined ? { hint: error.hint } : {};
    send(response, statusOfCode.get(code) ?? 500, { code, message: messageOf(error), ...hint });
  }
}

function send(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}

async function readBody(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request) {
    const bytes = Buffer.from(chunk);
    size += bytes.length;
    if (size > largestBody) throw badRequest('the body is too large');
    chunks.push(bytes);
  }
  if (size === 0) return undefined;
  try {
    return JSON.parse(Buffer.concat(chunks).toString('utf8'));
  } catch {
    throw badRequest('the body is no JSON');
  }
}
