// HTTPS requests that say which certificate they were shown and may show one themselves.
// Invariant: nothing is retried, and nothing pooled unless the test passes an agent. What the server shows is told, not judged.
import { type Agent, request } from 'node:https';
import { TLSSocket } from 'node:tls';
import type { HttpAnswer } from './http-client.ts';
import type { Certificate } from './tls-fixtures.ts';

export interface HttpsCall {
  /** 127.0.0.1 if absent. */
  readonly address?: string;
  readonly port: number;
  /** Host header, and SNI unless that is said. */
  readonly host: string;
  readonly sni?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly path?: string;
  /** Shown when the server asks for one. */
  readonly client?: Certificate;
  readonly agent?: Agent;
}

export interface HttpsAnswer extends HttpAnswer {
  /** Common name of the server's certificate; undefined over a resumed session. */
  readonly certificate: string | undefined;
}

/** Rejects when the handshake is refused or the connection breaks; then the error has a `code`. */
export function httpsCall(call: HttpsCall): Promise<HttpsAnswer> {
  const { address = '127.0.0.1', port, host, sni = host, headers = {}, path = '/', client, agent } = call;
  return new Promise((resolve, reject) => {
    const options = {
      host: address,
      port,
      path,
      servername: sni,
      headers: { ...headers, host },
      agent: agent ?? false,
      rejectUnauthorized: false,
      signal: AbortSignal.timeout(10_000),
      ...client,
    };
    const outgoing = request(options, (response) => {
      const chunks: Buffer[] = [];
      const { socket } = response;
      const certificate = commonName(socket);
      const localPort = socket.localPort ?? 0;
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', reject);
      response.on('end', () => {
        const body = Buffer.concat(chunks).toString('utf8');
        resolve({ status: response.statusCode ?? 0, headers: response.headers, body, localPort, certificate });
      });
    });
    outgoing.on('error', reject);
    outgoing.end();
  });
}

function commonName(socket: unknown): string | undefined {
  const subject = socket instanceof TLSSocket ? socket.getPeerCertificate().subject : undefined;
  return typeof subject?.CN === 'string' ? subject.CN : undefined;
}
