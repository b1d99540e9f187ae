// `node bench/push/discovery-bench.ts [PROXIES] [SERVICE_ENTRIES]`: discovery's own part of a push and of many proxies
// connecting at once, without the control plane around it. Prints JSON.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import type { ServerMessage } from './memory-server.ts';
import { runPushLoad } from './push-load.ts';

const proxies = Number(process.argv[2] ?? 100);
const serviceEntries = Number(process.argv[3] ?? 1000);

const server = fork(new URL('./memory-server.ts', import.meta.url), [String(serviceEntries)], { execArgv: ['--cpu-prof', '--cpu-prof-dir=/tmp/adsprof', '--cpu-prof-interval', '200'] });

const exited = once(server, 'exit').then((): never => {
  throw new Error('the server ended');
});

/** Each request has one answer, and the start has one too. */
async function answer(request?: 'add' | 'cpu'): Promise<ServerMessage> {
  const answered = once(server, 'message');
  if (request !== undefined) server.send(request);
  const [message]: ServerMessage[] = await Promise.race([answered, exited]);
  if (message === undefined) throw new Error('the server said nothing');
  return message;
}

async function usage() {
  const message = await answer('cpu');
  if (message.kind !== 'cpu') throw new Error(`${message.kind} is no answer to cpu`);
  return message;
}

try {
  const ready = await answer();
  if (ready.kind !== 'ready') throw new Error('the server did not start');
  const before = await usage();
  const result = await runPushLoad({
    address: `127.0.0.1:${ready.port}`,
    proxies,
    serverCpu: async () => (await usage()).cpuMs,
    change: async () => {
      await answer('add');
    },
    expect: (round) => ({
      cluster: `outbound|443||added-${round}.example.com`,
      virtualHost: `80/added-${round}.example.com`,
    }),
    rounds: 60,
  });
  const after = await usage();
  const memory = { beforeBytes: before.rssBytes, afterBytes: after.rssBytes };
  console.log(JSON.stringify({ proxies, serviceEntries, ...result, memory }, undefined, 2));
} finally {
  if (server.connected) server.send('end');
  await exited.catch(() => undefined);
}
