// From an HTTP request to a site and back: reads it, asks the host's site, answers, and notes what arrived.
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { TLSSocket } from 'node:tls';
import type { Log } from '../program/log.ts';
import type { Arrivals } from './arrivals.ts';
import { simulationHost } from './hosts.ts';
import { jsonAnswer, notFound, type SiteAnswer, type SiteRequest, textAnswer } from './site.ts';
import { siteOf } from './sites.ts';

/** A larger body is read and counted, and no more of it kept. */
const longestBody = 1024 * 1024;

export function answerRequests(scheme: 'http' | 'https', arrivals: Arrivals, log: Log): RequestListener {
  return async (incoming, response) => {
    try {
      const { text, length } = await readBody(incoming);
      const request = readRequest(scheme, incoming, text);
      if (request === undefined) return send(incoming, response, textAnswer('bad request\n', 400));
      if (request.host === simulationHost) return send(incoming, response, aboutSimulation(request, arrivals));
      arrivals.add(request);
      const answer = siteOf(request.host)?.(request) ?? textAnswer(`nobody here is called ${request.host}\n`, 404);
      const { method, url, host, origin } = request;
      const sent = length > 0 ? `, ${length} bytes sent` : '';
      log(`${scheme} ${host} ${method} ${url.pathname}${url.search} -> ${answer.status} from ${origin}${sent}`);
      if (answer.delayMs !== undefined) await delay(answer.delayMs);
      send(incoming, response, answer);
    } catch {
      // The caller went away in the middle of its request.
      response.destroy();
    }
  };
}

function aboutSimulation({ url, method }: SiteRequest, arrivals: Arrivals): SiteAnswer {
  if (method !== 'GET') return notFound;
  if (url.pathname === '/__sim/requests') return jsonAnswer(arrivals.counts());
  if (url.pathname === '/__sim/arrivals') return textAnswer(arrivals.table(url.searchParams.get('host') ?? ''));
  return notFound;
}

async function readBody(incoming: IncomingMessage): Promise<{ readonly text: string; readonly length: number }> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of incoming) {
    const bytes = Buffer.from(chunk);
    if (length < longestBody) chunks.push(bytes);
    length += bytes.length;
  }
  return { text: Buffer.concat(chunks).toString('utf8'), length };
}

function readRequest(scheme: 'http' | 'https', incoming: IncomingMessage, body: string): SiteRequest | undefined {
  const { method = '', url: target = '', headers, rawHeaders, socket } = incoming;
  // A path may begin with two slashes, so it is not resolved but appended.
  const url = URL.parse(target.startsWith('/') ? `${scheme}://${headers.host ?? ''}${target}` : target);
  if (url === null) return undefined;
  const host = url.hostname.replace(/\.$/, '');
  const origin = socket.remoteAddress ?? '?';
  const serverName = socket instanceof TLSSocket ? socket.servername : undefined;
  return { scheme, host, method, url, rawHeaders, body, origin, ...(serverName ? { serverName } : {}) };
}

function send(incoming: IncomingMessage, response: ServerResponse, answer: SiteAnswer): void {
  response.writeHead(answer.status, {
    date: new Date().toUTCString(),
    'content-type': answer.type,
    'content-length': Buffer.byteLength(answer.body),
    server: 'simulated-internet',
    ...answer.headers,
  });
  response.end(incoming.method === 'HEAD' ? undefined : answer.body);
}
