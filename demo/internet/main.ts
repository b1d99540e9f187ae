// The simulated internet: one program that answers as httpbin.org and others, over HTTP by Host and over HTTPS by SNI.
// A name that nobody has gets a 404 without TLS, and no handshake with it.
import { createServer } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import { messageOf, SallyportError } from '../../src/platform/errors.ts';
import { hostSetting, portSetting } from '../program/environment.ts';
import { serveHttp } from '../program/listen.ts';
import { createLog } from '../program/log.ts';
import { runProgram } from '../program/run.ts';
import { answerRequests } from './answer.ts';
import { createArrivals } from './arrivals.ts';
import { openAuthority } from './authority.ts';
import { createCertificates } from './certificates.ts';
import { httpPort, httpsPort, internetHosts } from './hosts.ts';
import { isHost } from './sites.ts';

const log = createLog('internet');

await runProgram(log, async () => {
  const host = hostSetting(process.env);
  const plainPort = portSetting(process.env, 'INTERNET_HTTP', httpPort);
  const securePort = portSetting(process.env, 'INTERNET_HTTPS', httpsPort);
  const folder = process.env['PKI_DIR'];
  if (!folder) throw new SallyportError('DEMO_SETTING', 'PKI_DIR: give a folder for the certificate authority');
  const certificates = createCertificates(await openAuthority(folder));
  const arrivals = createArrivals();
  const plain = createServer(answerRequests('http', arrivals, log));
  const secure = createSecureServer(
    {
      ALPNProtocols: ['http/1.1'],
      SNICallback(name, callback) {
        const asked = name.toLowerCase();
        if (!isHost(asked)) callback(new Error(`nobody here is called ${name}`));
        else certificates.of(asked).then((context) => callback(null, context), callback);
      },
    },
    answerRequests('https', arrivals, log),
  );
  secure.on('tlsClientError', (error, { servername }) => {
    // Without a name Node finds no certificate at all, and says so in words of OpenSSL.
    const reason = 'reason' in error ? String(error.reason) : messageOf(error);
    log(`https handshake failed: ${typeof servername === 'string' ? reason : 'no host was named'}`);
  });
  const services = [await serveHttp(plain, host, plainPort), await serveHttp(secure, host, securePort)];
  log(`listens on ${host}: http ${plainPort}, https ${securePort}; ${internetHosts.length} hosts`);
  return services;
});
