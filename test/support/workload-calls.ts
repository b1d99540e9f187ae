// What the agent inside a workload says in protocols of more than one question and answer: conversations over TCP, HTTP/2
// with and without TLS, gRPC. Each gives what came back, as the other side sent it.
import { connect as connectHttp2, constants } from 'node:http2';
import { connect, type Socket } from 'node:net';
import { Client, credentials, Metadata, type ServiceError, status } from '@grpc/grpc-js';
import type { AgentCommand, AgentResult } from './workload-protocol.ts';

type Of<Do extends AgentCommand['do']> = Extract<AgentCommand, { do: Do }>;

/**
 * Goes through the steps, each after the one before: sends, here or aside, waits until a text is there, ends its own side and
 * reads on. Ends when the other side has ended, or after the last step where that does not end it. `opened`: on this
 * connection.
 */
export function talk(command: Of<'talk'>, opened?: Socket): Promise<AgentResult> {
  const { host, port, steps, timeoutMs = 10_000 } = command;
  return new Promise((resolve, reject) => {
    const socket = opened ?? connect({ host, port, allowHalfOpen: true });
    const asides: Socket[] = [];
    const rest = [...steps];
    let text = '';
    let ended = false;
    const late = setTimeout(() => socket.destroy(new Error(`timeout after ${JSON.stringify(text)}`)), timeoutMs);
    const advance = () => {
      for (let step = rest[0]; step !== undefined; step = rest[0]) {
        if ('expect' in step && !text.includes(step.expect)) return;
        if ('ended' in step && !ended) return;
        rest.shift();
        if ('send' in step) socket.write(Buffer.from(step.send, 'latin1'));
        if ('aside' in step) asides.push(sayAside(step.aside));
        if ('end' in step) socket.end();
      }
      socket.destroy();
    };
    const sayAside = (bytes: string) => {
      const aside = connect({ host, port }, () => aside.write(Buffer.from(bytes, 'latin1')));
      return aside.on('error', reject).resume();
    };
    if (opened === undefined) socket.on('connect', advance);
    else advance();
    socket.on('data', (chunk: Buffer) => {
      text += chunk.toString('latin1');
      advance();
    });
    socket.on('end', () => {
      ended = true;
      advance();
      // Nothing more will come.
      if (rest.length > 0 && 'expect' in (rest[0] ?? {})) socket.destroy();
    });
    socket.on('error', reject);
    socket.on('close', () => {
      clearTimeout(late);
      for (const aside of asides) aside.destroy();
      resolve({ text, left: rest.length });
    });
  });
}

/** One request on a connection of its own; `tls`: ALPN h2 inside TLS, certificates are not judged here. */
export function http2({ host, port, path = '/', tls = false, body = '' }: Of<'http2'>): Promise<AgentResult> {
  return new Promise((resolve, reject) => {
    const url = `${tls ? 'https' : 'http'}://${host}:${port}`;
    const session = connectHttp2(url, { rejectUnauthorized: false, servername: host });
    session.on('error', reject);
    const stream = session.request({ [constants.HTTP2_HEADER_METHOD]: 'POST', [constants.HTTP2_HEADER_PATH]: path });
    const headers: Record<string, string> = {};
    const chunks: Buffer[] = [];
    stream.setTimeout(10_000, () => stream.destroy(new Error('timeout')));
    stream.on('response', (received) => {
      for (const [name, value] of Object.entries(received)) headers[name] = String(value);
    });
    stream.on('trailers', (received) => {
      for (const [name, value] of Object.entries(received)) headers[`trailer ${name}`] = String(value);
    });
    stream.on('data', (chunk: Buffer) => chunks.push(chunk));
    stream.on('error', reject);
    stream.on('end', () => {
      session.close();
      resolve({ status: Number(headers[':status']), headers, body: Buffer.concat(chunks).toString('utf8') });
    });
    stream.end(body);
  });
}

/** Sends the messages on one stream, in both directions at once, and gives those that come back with the status. */
export function grpc({ host, port, method, messages }: Of<'grpc'>): Promise<AgentResult> {
  return new Promise((resolve) => {
    const client = new Client(`${host}:${port}`, credentials.createInsecure());
    const metadata = new Metadata();
    metadata.set('x-asked', 'yes');
    const bytes = (text: string) => Buffer.from(text);
    const texts = (buffer: Buffer) => buffer.toString('utf8');
    const call = client.makeBidiStreamRequest(method, bytes, texts, metadata, { deadline: Date.now() + 10_000 });
    const received: string[] = [];
    const [first, ...rest] = messages;
    // Each answer asks for the next message: a proxy that held either side back would end in the deadline.
    call.on('data', (text: string) => {
      received.push(text);
      const next = rest.shift();
      if (next === undefined) call.end();
      else call.write(next);
    });
    call.on('error', () => undefined);
    call.on('status', ({ code, metadata: trailers }: ServiceError) => {
      client.close();
      const trailer = trailers.get('x-trailer')[0];
      resolve({
        text: received.join(','),
        grpcStatus: status[code] ?? String(code),
        ...(trailer === undefined ? {} : { headers: { 'x-trailer': String(trailer) } }),
      });
    });
    if (first !== undefined) call.write(first);
    else call.end();
  });
}
