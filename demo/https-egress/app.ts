// The app of the fourth story: asks EXTERNAL_SERVICE once for each request that it gets, and answers what it was answered.
import { createServer } from 'node:http';
import { hostSetting, portSetting, urlSetting } from '../program/environment.ts';
import { createHttpClient, describeOutcome } from '../program/http-client.ts';
import { serveHttp } from '../program/listen.ts';
import { createLog } from '../program/log.ts';
import { runProgram } from '../program/run.ts';

const log = createLog('app-that-calls-externally');

await runProgram(log, async () => {
  const url = urlSetting(process.env, 'EXTERNAL_SERVICE', 'http://hello-istio/');
  const [host, port] = [hostSetting(process.env), portSetting(process.env, 'PORT', 8080)];
  const client = createHttpClient(process.env);
  const server = createServer(async (request, response) => {
    request.resume();
    const outcome = await client.call({ url });
    log(`GET ${url.href} -> ${describeOutcome(outcome)}`);
    const failed = outcome.kind === 'failure';
    const body = failed ? `${url.host}: ${outcome.reason}` : outcome.body;
    response.writeHead(failed ? 503 : outcome.status, {
      'content-type': 'text/plain',
      'content-length': Buffer.byteLength(body),
    });
    response.end(body);
  });
  const services = [await serveHttp(server, host, port)];
  log(`listens on ${host}:${port}; calls ${url.href}`);
  return services;
});
