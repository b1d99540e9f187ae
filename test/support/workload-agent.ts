// The test's hand inside a workload: run through `sallyport exec`, it takes commands as JSON lines on standard input and
// answers each with a JSON line, so that one process can make many calls as the application would. Where it is told of an
// HTTP proxy (proxy capture), HTTP and TLS go there, as those of any program that honours it.

import { createSocket } from 'node:dgram';
import { lookup } from 'node:dns/promises';
import { Agent, request } from 'node:http';
import { connect, Socket } from 'node:net';
import { createInterface } from 'node:readline';
import { connect as connectTls } from 'node:tls';
import { grpc, http2, talk } from './workload-calls.ts';
import type { AgentCommand, AgentResult } from './workload-protocol.ts';

const keepAlive = new Agent({ keepAlive: true, maxSockets: 1 });
const proxy = process.env['NODE_USE_ENV_PROXY'] === '1' ? new URL(process.env['http_proxy'] ?? '') : undefined;

for await (const line of createInterface({ input: process.stdin })) {
  const { id, command }: { id: number; command: AgentCommand } = JSON.parse(line);
  void perform(command).then(
    (result) => answer(id, result),
    (error: NodeJS.ErrnoException) => answer(id, { error: error.code ?? error.message }),
  );
}

function answer(id: number, result: AgentResult): void {
  process.stdout.write(`${JSON.stringify({ id, result })}\n`);
}

function perform(command: AgentCommand): Promise<AgentResult> {
  switch (command.do) {
    case 'http':
      return http(command);
    case 'tls':
      return tls(command);
    case 'tcp':
      return tcp(command);
    case 'talk':
      return command.tunnel === true && proxy !== undefined
        ? tunnel(proxy, command.host, command.port).then((socket) => talk(command, socket))
        : talk(command);
    case 'http2':
      return http2(command);
    case 'grpc':
      return grpc(command);
    case 'udp':
      return udp(command);
    case 'lookup':
      return lookup(command.host, { all: true, family: command.family ?? 4 }).then((found) => ({
        addresses: found.map(({ address }) => address),
      }));
    case 'poll':
      return poll(command);
    case 'load':
      return load(command);
  }
}

type Of<Do extends AgentCommand['do']> = Extract<AgentCommand, { do: Do }>;

function http(command: Of<'http'>): Promise<AgentResult> {
  const { host, port = 80, path = '/', method = 'GET', headers = {}, timeoutMs = 10_000 } = command;
  const named = port === 80 ? host : `${host}:${port}`;
  const place = proxy === undefined ? { host, port, path } : { ...proxyPlace(proxy), path: `http://${named}${path}` };
  return new Promise((resolve, reject) => {
    const outgoing = request(
      {
        ...place,
        method,
        headers: { ...(proxy === undefined ? {} : { host: named }), ...headers },
        timeout: timeoutMs,
        agent: command.keepAlive === true ? keepAlive : new Agent(),
      },
      (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('error', reject);
        response.on('end', () =>
          resolve({
            status: response.statusCode ?? 0,
            headers: Object.fromEntries(Object.entries(response.headers).map(([name, value]) => [name, String(value)])),
            body: Buffer.concat(chunks).toString('utf8'),
          }),
        );
      },
    );
    outgoing.on('timeout', () => outgoing.destroy(new Error('timeout')));
    outgoing.on('error', reject);
    outgoing.end();
  });
}

function proxyPlace({ hostname, port }: URL) {
  return { host: hostname, port: Number(port) };
}

function tunnel(through: URL, host: string, port: number): Promise<Socket> {
  const target = `${host}:${port}`;
  return new Promise((resolve, reject) => {
    const asking = request({ ...proxyPlace(through), method: 'CONNECT', path: target, headers: { host: target } });
    asking.on('connect', ({ statusCode }, socket: Socket, head: Buffer) => {
      // A server that speaks first may be heard with the proxy's answer.
      if (head.length > 0) socket.unshift(head);
      if (statusCode === 200 && socket instanceof Socket) resolve(socket);
      else reject(new Error(`CONNECT ${statusCode}`));
    });
    asking.on('error', reject);
    asking.end();
  });
}

/** Connects, sends one HTTP request through TLS and reads the answer; certificates are not judged here. */
async function tls({ host, port = 443, sni }: Of<'tls'>): Promise<AgentResult> {
  const way = proxy === undefined ? { host, port } : { socket: await tunnel(proxy, host, port) };
  return new Promise((resolve, reject) => {
    const socket = connectTls({
      ...way,
      ...(sni === '' ? {} : { servername: sni ?? host }),
      rejectUnauthorized: false,
    });
    socket.setTimeout(10_000, () => socket.destroy(new Error('timeout')));
    socket.on('error', reject);
    socket.on('secureConnect', () => {
      socket.write(`GET / HTTP/1.1\r\nHost: ${sni ?? host}\r\nConnection: close\r\n\r\n`);
    });
    const chunks: Buffer[] = [];
    socket.on('data', (chunk: Buffer) => chunks.push(chunk));
    socket.on('close', (failed) => {
      if (!failed) resolve({ text: Buffer.concat(chunks).toString('latin1') });
    });
  });
}

/** Sends `send` and reads until the other side closes, or `expect` bytes are there. */
function tcp({
  host,
  port,
  send = '',
  expect = Number.POSITIVE_INFINITY,
  timeoutMs = 10_000,
}: Of<'tcp'>): Promise<AgentResult> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port });
    socket.setTimeout(timeoutMs, () => socket.destroy(new Error('timeout')));
    socket.on('error', reject);
    socket.on('connect', () => socket.write(send));
    let text = '';
    socket.on('data', (chunk: Buffer) => {
      text += chunk.toString('latin1');
      if (text.length >= expect) socket.end();
    });
    socket.on('close', (failed) => {
      if (!failed) resolve({ text });
    });
  });
}

function udp({ host, port, send, timeoutMs = 1000 }: Of<'udp'>): Promise<AgentResult> {
  return new Promise((resolve, reject) => {
    const socket = createSocket(host.includes(':') ? 'udp6' : 'udp4');
    const late = setTimeout(() => done({ error: 'no answer' }), timeoutMs);
    function done(result: AgentResult): void {
      clearTimeout(late);
      socket.close();
      resolve(result);
    }
    socket.on('message', (bytes) => done({ text: bytes.toString('latin1') }));
    socket.on('error', (error: NodeJS.ErrnoException) => done({ error: error.code ?? error.message }));
    socket.send(send, port, host, (error) => {
      if (error !== null) reject(error);
    });
  });
}

async function poll({ address, host }: Of<'poll'>): Promise<AgentResult> {
  for (;;) {
    const { status } = await http({ do: 'http', host: address, headers: { host }, keepAlive: true });
    if (status === 200) return { openedAt: process.hrtime.bigint().toString() };
  }
}

/** Requests one after the other on kept connections for `ms`; counts outcomes. */
async function load({ host, port = 80, path = '/', ms, connections = 4 }: Of<'load'>): Promise<AgentResult> {
  const outcomes = new Map<string, number>();
  const end = performance.now() + ms;
  const agent = new Agent({ keepAlive: true, maxSockets: connections });
  await Promise.all(
    Array.from({ length: connections }, async () => {
      while (performance.now() < end) {
        const outcome = await one(agent);
        outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
      }
    }),
  );
  agent.destroy();
  return { outcomes: Object.fromEntries(outcomes) };

  function one(agent: Agent): Promise<string> {
    return new Promise((resolve) => {
      const outgoing = request({ host, port, path, agent }, (response) => {
        response.resume();
        response.on('end', () => resolve(String(response.statusCode)));
      });
      outgoing.on('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
      outgoing.end();
    });
  }
}
