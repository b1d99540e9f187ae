// The caller of the fourth story: one request a second to TARGET, each answer a line of standard output, without a name in
// front. `traffic 200` makes so many, one after the other, and ends; `traffic 200 --count` tells how often each answer came.
import { setTimeout as delay } from 'node:timers/promises';
import { numberSetting, urlSetting } from '../program/environment.ts';
import { createHttpClient, type HttpOutcome } from '../program/http-client.ts';
import { createLog, oneLine } from '../program/log.ts';
import { runProgram } from '../program/run.ts';

const log = createLog('traffic');
const intervalMs = 1000;

await runProgram(log, async () => {
  const url = urlSetting(process.env, 'TARGET', 'http://service-that-calls-externally/');
  const [count, mode] = process.argv.slice(2);
  const client = createHttpClient(process.env);
  const ask = async () => say(answerText(await client.call({ url })));

  if (count !== undefined) {
    const times = numberSetting({ COUNT: count }, 'COUNT', 1, { from: 1, to: 100_000 });
    const answers = new Map<string, number>();
    for (let made = 0; made < times; made++) {
      const answer = answerText(await client.call({ url }));
      if (mode === '--count') answers.set(answer, (answers.get(answer) ?? 0) + 1);
      else say(answer);
    }
    client.close();
    for (const [answer, often] of [...answers].sort()) process.stdout.write(`${String(often).padStart(7)} ${answer}\n`);
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
function say(answer: string): void {
  const time = new Date().toISOString().replace(/\.\d+Z$/, '+00:00');
  process.stdout.write(`${time} ${answer}\n`);
}

function answerText(outcome: HttpOutcome): string {
  if (outcome.kind === 'failure') return outcome.reason;
  return oneLine(outcome.body) || `${outcome.status}${outcome.blocked ? ' blocked by its sidecar' : ', nothing said'}`;
}
