// The caller of the fourth story: one request a second to TARGET, each answer a line of standard output, without a name in
// front. `traffic 200` makes so many, one after the other, and ends.
import { setTimeout as delay } from 'node:timers/promises';
import { numberSetting, urlSetting } from '../program/environment.ts';
import { createHttpClient, type HttpOutcome } from '../program/http-client.ts';
import { createLog, oneLine } from '../program/log.ts';
import { runProgram } from '../program/run.ts';

const log = createLog('traffic');
const intervalMs = 1000;

await runProgram(log, async () => {
  const url = urlSetting(process.env, 'TARGET', 'http://service-that-calls-externally/');
  const [count] = process.argv.slice(2);
  const client = createHttpClient(process.env);
  const ask = async () => say(await client.call({ url }));

  if (count !== undefined) {
    const times = numberSetting({ COUNT: count }, 'COUNT', 1, { from: 1, to: 100_000 });
    for (let made = 0; made < times; made++) await ask();
    client.close();
    return [];
  }
  const life = new AbortController();
  const { signal } = life;
  async function askOn(): Promise<void> {
    while (!signal.aborted) await Promise.all([ask(), delay(intervalMs, undefined, { signal }).catch(() => {})]);
    client.close();
  }
  const asking = askOn();
  return [
    {
      stop() {
        life.abort();
        return asking;
      },
    },
  ];
});

/** `2022-02-04T10:34:33+00:00 Hello K8s, from CF v1 service!` */
function say(outcome: HttpOutcome): void {
  const time = new Date().toISOString().replace(/\.\d+Z$/, '+00:00');
  process.stdout.write(`${time} ${answerText(outcome)}\n`);
}

function answerText(outcome: HttpOutcome): string {
  if (outcome.kind === 'failure') return outcome.reason;
  return oneLine(outcome.body) || `${outcome.status}${outcome.blocked ? ' blocked by its sidecar' : ', nothing said'}`;
}
