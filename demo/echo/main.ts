// The echo service of the third story, as the image `echoserver` answers: who it is, and what it was asked.
import { createServer, type IncomingMessage } from 'node:http';
import { hostname } from 'node:os';
import { hostSetting, portSetting } from '../program/environment.ts';
import { serveHttp } from '../program/listen.ts';
import { createLog } from '../program/log.ts';
import { runProgram } from '../program/run.ts';

const log = createLog('echo');

await runProgram(log, async () => {
  const [host, port] = [hostSetting(process.env), portSetting(process.env, 'PORT', 8080)];
  const server = createServer((request, response) => {
    request.resume();
    const answer = describe(request);
    response.writeHead(200, { 'content-type': 'text/plain', 'content-length': Buffer.byteLength(answer) });
    response.end(answer);
    log(`request ${request.method} ${request.url} from ${request.socket.remoteAddress ?? '?'} -> 200`);
  });
  const services = [await serveHttp(server, host, port)];
  log(`listens on ${host}:${port}`);
  return services;
});

function describe({ method, url, httpVersion, headers, socket }: IncomingMessage): string {
  const [path = '', query = ''] = (url ?? '').split(/\?(.*)/s);
  const information = [
    `client_address=${socket.remoteAddress ?? '?'}`,
    `method=${method ?? ''}`,
    `real path=${path}`,
    `query=${query}`,
    `request_version=${httpVersion}`,
    `request_uri=http://${headers.host ?? ''}${url ?? ''}`,
  ];
  const asked = Object.entries(headers).map(([name, value]) => `${name}=${value}`);
  const parts = [
    [`Hostname: ${process.env['HOSTNAME'] || hostname()}`],
    ['Request Information:', ...information.map(indented)],
    ['Request Headers:', ...asked.map(indented)],
  ];
  return parts.map((lines) => `${lines.join('\n')}\n`).join('\n');
}

function indented(line: string): string {
  return `\t${line}`;
}
