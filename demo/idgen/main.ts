// The ID generator of the recipes website: every id comes from an external API (ID_SOURCE), so whether it works is a
// matter of egress. 502 when the API answers something else than an id, 503 when it does not answer.
import { createServer } from 'node:http';
import { hostSetting, portSetting, urlSetting } from '../program/environment.ts';
import { createHttpClient, describeOutcome } from '../program/http-client.ts';
import { serveHttp } from '../program/listen.ts';
import { createLog } from '../program/log.ts';
import { runProgram } from '../program/run.ts';
import { readUuid } from './uuid.ts';

const log = createLog(process.env['SERVICE'] || 'idgen');

await runProgram(log, async () => {
  const source = urlSetting(process.env, 'ID_SOURCE', 'http://httpbin.org/uuid');
  const [host, port] = [hostSetting(process.env), portSetting(process.env, 'PORT', 8080)];
  const client = createHttpClient(process.env);

  async function newId(): Promise<{ readonly status: number; readonly text: string }> {
    const outcome = await client.call({ url: source });
    log(`GET ${source.href} -> ${describeOutcome(outcome)}`);
    const said = `no id from ${source.href}: ${describeOutcome(outcome)}`;
    if (outcome.kind === 'failure') return { status: 503, text: said };
    const id = outcome.status === 200 ? readUuid(outcome.body) : undefined;
    return id === undefined ? { status: 502, text: said } : { status: 200, text: id };
  }

  const server = createServer(async ({ method, url, socket }, response) => {
    const from = socket.remoteAddress ?? '?';
    const known = url === '/' && (method === 'GET' || method === 'POST');
    const { status, text } = known ? await newId() : { status: 404, text: 'not found' };
    const body = `${text}\n`;
    response.writeHead(status, { 'content-type': 'text/plain', 'content-length': Buffer.byteLength(body) });
    response.end(body);
    log(`request ${method} ${url} from ${from} -> ${status}`);
  });
  const services = [await serveHttp(server, host, port)];
  log(`listens on ${host}:${port}; ids from ${source.href}`);
  return services;
});
