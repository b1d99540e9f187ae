// The story of the recipes: ids come from outside, by way of idgen, and where they do not everybody says why.
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { httpCall } from '../../test/support/http-client.ts';
import { startOutsideHttp } from '../../test/support/outside-server.ts';
import { freePort } from '../../test/support/ports.ts';
import { startListening } from '../testing/program.ts';
import { startProxy } from '../testing/proxy.ts';

const uuid = '0b2f6a8e-1d3c-4f5a-9b7e-2c4d6e8f0a1b';
const form = { 'content-type': 'application/x-www-form-urlencoded' };

async function startIdgen(t: TestContext, env: Readonly<Record<string, string>>): Promise<number> {
  const port = await freePort();
  await startListening(t, 'idgen/main.ts', { PORT: String(port), ...env });
  return port;
}

async function startRecipes(t: TestContext, idgen: number): Promise<number> {
  const port = await freePort();
  await startListening(t, 'recipes/main.ts', { PORT: String(port), IDGEN: `http://127.0.0.1:${idgen}` });
  return port;
}

const share = (port: number, body: string) =>
  httpCall({ port, host: 'recipes', path: '/recipes', method: 'POST', headers: form, body });

test('a recipe gets its id from outside and stands on the page, as text', async (t) => {
  const source = await startOutsideHttp({ t, respond: (_, response) => response.end(JSON.stringify({ uuid })) });
  const proxy = await startProxy(t, { 'httpbin.org:80': source.port });
  const idgen = await startIdgen(t, proxy.env);
  assert.equal((await httpCall({ port: idgen, host: 'idgen' })).body, `${uuid}\n`);
  assert.deepEqual(proxy.requests.items, ['GET http://httpbin.org/uuid']);
  const recipes = await startRecipes(t, idgen);
  const shared = await share(recipes, 'title=%3Cscript%3E+%26+salt');
  assert.deepEqual([shared.status, shared.headers['location'], shared.body], [303, '/', `recipe ${uuid}\n`]);
  const page = await httpCall({ port: recipes, host: 'recipes' });
  assert.equal(page.headers['content-type'], 'text/html; charset=utf-8');
  assert.match(page.body, new RegExp(`<li>&#60;script&#62; &#38; salt <code>${uuid}</code></li>`));
});

test('blocked outside: 502 all the way, with the reason, and no recipe', async (t) => {
  const source = await startOutsideHttp({
    t,
    respond: (_, response) => response.writeHead(502, { server: 'envoy', 'content-length': '0' }).end(),
  });
  const url = `http://127.0.0.1:${source.port}/uuid`;
  const idgen = await startIdgen(t, { ID_SOURCE: url });
  const { status, body } = await httpCall({ port: idgen, host: 'idgen', method: 'POST' });
  assert.equal(status, 502);
  assert.match(body, new RegExp(`^no id from ${url}: 502 blocked by its sidecar \\(\\d+ ms\\)\n$`));
  const recipes = await startRecipes(t, idgen);
  const shared = await share(recipes, 'title=Soup');
  assert.equal(shared.status, 502);
  assert.match(shared.body, /^the recipe has no id: no id from .*: 502 blocked by its sidecar/);
  assert.match((await httpCall({ port: recipes, host: 'recipes' })).body, /No recipes yet/);
});

test('an answer that is no id is 502; no answer is 503', async (t) => {
  for (const text of ['', 'null', '{"uuid":1}', '{"uuid":"<b>"}']) {
    const source = await startOutsideHttp({ t, respond: (_, response) => response.end(text) });
    const idgen = await startIdgen(t, { ID_SOURCE: `http://127.0.0.1:${source.port}` });
    assert.equal((await httpCall({ port: idgen, host: 'idgen' })).status, 502, text);
  }
  const idgen = await startIdgen(t, { ID_SOURCE: `http://127.0.0.1:${await freePort()}/` });
  const { status, body } = await httpCall({ port: idgen, host: 'idgen' });
  assert.equal(status, 503);
  assert.match(body, /connection refused/);
  const recipes = await startRecipes(t, await freePort());
  assert.equal((await share(recipes, 'title=Soup')).status, 503);
});

test('what is not asked for so is refused', async (t) => {
  const recipes = await startRecipes(t, await freePort());
  assert.equal((await share(recipes, 'name=Soup')).status, 400);
  assert.equal((await share(recipes, `title=${'x'.repeat(5000)}`)).status, 400);
  assert.equal((await httpCall({ port: recipes, host: 'recipes', path: '/recipes' })).status, 404);
  const idgen = await startIdgen(t, { ID_SOURCE: 'http://127.0.0.1:1/' });
  assert.equal((await httpCall({ port: idgen, host: 'idgen', path: '/x' })).status, 404);
});
