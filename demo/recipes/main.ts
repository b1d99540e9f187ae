// The website on which people share recipes. A new recipe gets its id from the ID generator (IDGEN); where that has none,
// the recipe is not taken, and the visitor reads why.
import { createServer, type IncomingMessage } from 'node:http';
import { hostSetting, portSetting, urlSetting } from '../program/environment.ts';
import { createHttpClient, describeOutcome } from '../program/http-client.ts';
import { serveHttp } from '../program/listen.ts';
import { createLog } from '../program/log.ts';
import { runProgram } from '../program/run.ts';
import { createCookbook } from './cookbook.ts';
import { type Page, recipesPage, textPage } from './page.ts';

const log = createLog(process.env['SERVICE'] || 'recipes');
const longestForm = 4096;

await runProgram(log, async () => {
  const idgen = urlSetting(process.env, 'IDGEN', 'http://idgen:8080');
  const [host, port] = [hostSetting(process.env), portSetting(process.env, 'PORT', 8080)];
  const client = createHttpClient(process.env);
  const cookbook = createCookbook();

  async function share(request: IncomingMessage): Promise<Page> {
    const form = await readForm(request);
    const title = form?.get('title')?.trim();
    if (!title) return textPage(400, 'send a form with a title');
    const outcome = await client.call({ url: idgen, method: 'POST' });
    log(`POST ${idgen.href} -> ${describeOutcome(outcome)}`);
    if (outcome.kind === 'failure') return textPage(503, `the recipe has no id: idgen: ${outcome.reason}`);
    if (outcome.status !== 200) return textPage(502, `the recipe has no id: ${outcome.body.trim() || outcome.status}`);
    const id = outcome.body.trim();
    cookbook.add({ id, title });
    return { ...textPage(303, `recipe ${id}`), headers: { location: '/' } };
  }

  const server = createServer(async (request, response) => {
    const { method, url, socket } = request;
    const from = socket.remoteAddress ?? '?';
    const { status, type, body, headers } = await pageOf(request);
    response.writeHead(status, { 'content-type': type, 'content-length': Buffer.byteLength(body), ...headers });
    response.end(body);
    log(`request ${method} ${url} from ${from} -> ${status}`);
  });

  async function pageOf(request: IncomingMessage): Promise<Page> {
    if (request.url === '/' && request.method === 'GET') return recipesPage(cookbook.recipes());
    if (request.url === '/recipes' && request.method === 'POST') return share(request);
    return textPage(404, 'not found');
  }

  const services = [await serveHttp(server, host, port)];
  log(`listens on ${host}:${port}; ids from ${idgen.href}`);
  return services;
});

/** Undefined if it is too long, or breaks off. */
async function readForm(request: IncomingMessage): Promise<URLSearchParams | undefined> {
  let text = '';
  try {
    for await (const chunk of request.setEncoding('utf8')) {
      if (text.length <= longestForm) text += chunk;
    }
  } catch {
    return undefined;
  }
  return text.length > longestForm ? undefined : new URLSearchParams(text);
}
