// The keeper's own process: what ensureKeeper starts. It is no command of the CLI, so that it holds in memory only
// what it needs. Options as JSON in its only argument; an error's sentence goes to standard error, which is its log.
import { z } from 'zod';
import { dataFolder } from '../../platform/data-folder.ts';
import { messageOf } from '../../platform/errors.ts';
import { createLogger } from '../../platform/log.ts';
import { runKeeper } from './keeper.ts';

const optionsSchema = z.object({
  data: z.string(),
  envoy: z.string(),
  capture: z.enum(['redirect', 'proxy']),
});

const end = new AbortController();
for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.once(signal, () => end.abort());

try {
  const { data, envoy, capture } = optionsSchema.parse(JSON.parse(process.argv[2] ?? ''));
  await runKeeper({ dataFolder: dataFolder(data), envoy, capture, log: createLogger('keeper'), signal: end.signal });
} catch (error) {
  process.stderr.write(`error: ${messageOf(error)}\n`);
  process.exitCode = 1;
}
// Children that live on must not hold it back.
process.exit();
