// The one program behind all services of the demo: it answers over HTTP, gRPC and TCP, and for each request it gets makes
// the calls that REQUESTS names. demo/README.md lists its environment.
import { createLog } from '../program/log.ts';
import { runProgram } from '../program/run.ts';
import { createCalls } from './calls.ts';
import { createIncoming } from './incoming.ts';
import { serveGrpcRequests } from './serve-grpc.ts';
import { serveHttpRequests } from './serve-http.ts';
import { serveTcpRequests } from './serve-tcp.ts';
import { readSettings } from './settings.ts';

const service = process.env['SERVICE'] || 'app';
const log = createLog(service);

await runProgram(log, async () => {
  const settings = readSettings(process.env);
  const { host, ports, targets } = settings;
  const incoming = createIncoming(service, settings, createCalls(process.env), log);
  const services = [
    await serveTcpRequests(incoming, log, host, ports.tcp),
    await serveGrpcRequests(incoming, log, host, ports.grpc),
    await serveHttpRequests(incoming, log, host, ports.http),
  ];
  const calls = targets.map(({ text, count }) => `${text} × ${count}`).join(', ');
  log(`listens on ${host}: http ${ports.http}, grpc ${ports.grpc}, tcp ${ports.tcp}; calls ${calls || 'nobody'}`);
  return services;
});
