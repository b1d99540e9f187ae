// A connection to the URL's host: directly or by the proxy's CONNECT, and TLS on it for https.
const { once } = require('node:events');
const { readFileSync } = require('node:fs');
const http = require('node:http');
const { connect, isIP } = require('node:net');
const tls = require('node:tls');
const { CurlFailure, connectFailure, handshakeFailure, receiveFailure } = require('./failure.cjs');
const { headersText } = require('./headers.cjs');
const { hostOf } = require('./proxy.cjs');

/** `clock` knows the deadlines. Whoever gets the socket destroys it. */
async function openConnection(url, proxy, options, outputs, clock) {
  const secure = url.protocol === 'https:';
  const port = Number(url.port) || (secure ? 443 : 80);
  const host = hostOf(url);
  const socket = await reach(proxy ?? { host, port }, proxy !== undefined, options, clock);
  await outputs.verbose(`* Connected to ${proxy?.host ?? host} port ${proxy?.port ?? port}`);
  if (!secure) return socket;
  try {
    if (proxy !== undefined) await tunnel(socket, `${url.hostname}:${port}`, options, outputs, clock);
    return await handshake(socket, { host, port }, options, clock);
  } catch (error) {
    socket.destroy();
    throw error;
  }
}

async function reach({ host, port }, isProxy, { resolve }, clock) {
  const started = performance.now();
  const told = resolve.find((one) => one.host === host && one.port === port);
  const socket = connect({ host: told?.address ?? host, port });
  try {
    await clock.race(once(socket, 'connect'), 'connect');
    // From here on whoever reads or writes hears of it.
    socket.on('error', () => {});
    return socket;
  } catch (error) {
    socket.destroy();
    if (error instanceof CurlFailure) throw error;
    throw connectFailure(error, { host, port, isProxy, ms: performance.now() - started });
  }
}

async function tunnel(socket, target, options, outputs, clock) {
  const request = http.request({ createConnection: () => socket, method: 'CONNECT', path: target, setHost: false });
  request.setHeader('Host', target);
  request.setHeader('User-Agent', options.userAgent ?? 'sallyport-demo-client');
  request.removeHeader('Connection');
  await outputs.verbose(`> CONNECT ${target} HTTP/1.1`);
  request.end();
  try {
    const [answer] = await clock.race(once(request, 'connect'), 'answer');
    if (!options.suppressConnectHeaders) await outputs.headers(headersText(answer));
    const { statusCode } = answer;
    if (statusCode < 200 || statusCode > 299)
      throw new CurlFailure(56, `CONNECT tunnel failed, response ${statusCode}`);
  } catch (error) {
    throw receiveFailure(error, socket.errored);
  }
}

async function handshake(socket, { host, port }, options, clock) {
  const secured = tls.connect({
    socket,
    host,
    ...(isIP(host) === 0 ? { servername: host } : {}),
    ...trust(options),
    ALPNProtocols: ['http/1.1'],
  });
  try {
    await clock.race(once(secured, 'secureConnect'), 'TLS');
    secured.on('error', () => {});
    return secured;
  } catch (error) {
    secured.destroy();
    throw error instanceof CurlFailure ? error : handshakeFailure(error, { host, port });
  }
}

/** As in curl a named file replaces the authorities of the system. Node's own variable adds to them. */
function trust({ insecure, cacert }, env = process.env) {
  if (insecure) return { rejectUnauthorized: false };
  const file = cacert ?? (env.CURL_CA_BUNDLE || env.SSL_CERT_FILE);
  if (!file) return {};
  const files = cacert === undefined && env.NODE_EXTRA_CA_CERTS ? [file, env.NODE_EXTRA_CA_CERTS] : [file];
  return { ca: files.map(readAuthorities) };
}

function readAuthorities(file) {
  try {
    return readFileSync(file);
  } catch {
    throw new CurlFailure(77, `error setting certificate file: ${file}`);
  }
}

module.exports = { openConnection };
