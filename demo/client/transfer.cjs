// One transfer: connect, send, receive, and follow redirects where -L says so.
const { once } = require('node:events');
const http = require('node:http');
const { createClock } = require('./clock.cjs');
const { openConnection } = require('./connection.cjs');
const { CurlFailure, receiveFailure } = require('./failure.cjs');
const { headersText, requestHeaders } = require('./headers.cjs');
const { proxyFor } = require('./proxy.cjs');

const mostRedirects = 50;

/** Fills `facts` for -w on the way. Rejects with a CurlFailure. */
async function transfer(text, options, outputs, facts) {
  const clock = createClock(options);
  const body = options.data.length > 0 ? options.data.join('&') : undefined;
  let request = { url: readUrl(text), method: options.method ?? (options.head ? 'HEAD' : body ? 'POST' : 'GET'), body };
  for (let hops = 0; ; hops++) {
    const next = await exchange(request, options, outputs, facts, clock);
    if (next === undefined) return;
    if (hops === mostRedirects) throw new CurlFailure(47, `Maximum (${mostRedirects}) redirects followed`);
    request = next;
  }
}

function readUrl(text) {
  let url;
  try {
    url = new URL(text.includes('://') ? text : `http://${text}`);
  } catch {
    throw new CurlFailure(3, 'URL using bad/illegal format or missing URL');
  }
  const scheme = url.protocol.slice(0, -1);
  if (scheme !== 'http' && scheme !== 'https') throw new CurlFailure(1, `Protocol "${scheme}" not supported`);
  return url;
}

/** The request that a redirect asks for; undefined when the answer is the last. */
async function exchange({ url, method, body }, options, outputs, facts, clock) {
  facts.url_effective = url.href;
  const proxy = proxyFor(url, options);
  const socket = await openConnection(url, proxy, options, outputs, clock);
  try {
    // Through a proxy the whole address is sent; in a tunnel, as without one, the path.
    const path =
      proxy !== undefined && url.protocol === 'http:' ? url.href.replace(/#.*$/, '') : url.pathname + url.search;
    const request = http.request({ createConnection: () => socket, method, path, setHost: false });
    const headers = requestHeaders(url, options, body !== undefined);
    for (const [name, values] of headers) request.setHeader(name, values.length === 1 ? values[0] : values);
    request.removeHeader('Connection');
    await outputs.verbose(`> ${method} ${path} HTTP/1.1`);
    for (const [name, values] of headers) await outputs.verbose(`> ${name}: ${values.join(', ')}`);
    request.end(body);
    const [answer] = await clock.race(once(request, 'response'), 'answer');
    return await receive(answer, { url, method, body }, options, outputs, facts, clock);
  } catch (error) {
    throw receiveFailure(error, socket.errored);
  } finally {
    socket.destroy();
  }
}

async function receive(answer, sent, options, outputs, facts, clock) {
  facts.http_code = answer.statusCode;
  facts.content_type = answer.headers['content-type'] ?? '';
  const headers = headersText(answer);
  for (const line of headers.toString('latin1').trimEnd().split('\r\n')) await outputs.verbose(`< ${line}`);
  await outputs.headers(headers);
  const next = options.location ? redirected(answer, sent) : undefined;
  const failed = options.fail && answer.statusCode >= 400;
  const chunks = answer[Symbol.asyncIterator]();
  try {
    for (;;) {
      const { done, value } = await clock.race(chunks.next(), 'answer');
      if (done) break;
      clock.receive(value.length);
      facts.size_download += value.length;
      if (next === undefined && !failed) await outputs.body(value);
    }
  } catch (error) {
    throw answer.complete || answer.socket?.errored ? error : incomplete(error, answer, facts);
  }
  if (failed) throw new CurlFailure(22, `The requested URL returned error: ${answer.statusCode}`);
  return next;
}

function incomplete(error, { headers }, { size_download }) {
  if (error instanceof CurlFailure) return error;
  const length = Number(headers['content-length']);
  if (!(length >= 0)) return new CurlFailure(18, 'transfer closed with outstanding read data remaining');
  return new CurlFailure(18, `transfer closed with ${length - size_download} bytes remaining to read`);
}

function redirected({ statusCode, headers }, { url, method, body }) {
  if (![301, 302, 303, 307, 308].includes(statusCode) || headers.location === undefined) return undefined;
  const next = readUrl(new URL(headers.location, url).href);
  const keeps = statusCode >= 307 || method === 'GET' || method === 'HEAD';
  return keeps ? { url: next, method, body } : { url: next, method: 'GET', body: undefined };
}

module.exports = { transfer };
