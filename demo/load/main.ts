// The load generator of the demo, `bombardier`: calls TARGET so many times a second, for ever, and says every ten seconds
// how it went. With BODIES it sends forms instead, one line of BODIES after the other.
import { numberSetting, urlSetting } from '../program/environment.ts';
import { createHttpClient } from '../program/http-client.ts';
import { createLog } from '../program/log.ts';
import { runProgram } from '../program/run.ts';
import { createSummary } from './summary.ts';

const log = createLog(process.env['SERVICE'] || 'bombardier');
const summaryMs = 10_000;
/** Calls under way at a time. Where the target is slower than the rate, calls are left out, not heaped up. */
const mostOpen = 50;

await runProgram(log, () => {
  const url = urlSetting(process.env, 'TARGET', 'http://frontpage:8080/');
  const rps = numberSetting(process.env, 'RPS', 2, { from: 0.01, to: 1000, whole: false });
  const bodies = (process.env['BODIES'] ?? '').split('\n').filter(Boolean);
  const client = createHttpClient(process.env);
  const summary = createSummary();
  let open = 0;
  let sent = 0;

  async function callOnce(): Promise<void> {
    if (open >= mostOpen) return summary.leftOut();
    open += 1;
    const text = bodies[sent % Math.max(bodies.length, 1)];
    sent += 1;
    const body = { text: text ?? '', type: 'application/x-www-form-urlencoded' };
    summary.add(await client.call(text === undefined ? { url } : { url, method: 'POST', body }));
    open -= 1;
  }

  const calls = setInterval(() => void callOnce(), 1000 / rps);
  const summaries = setInterval(() => log(`${url.href}: ${summary.take()}`), summaryMs);
  log(`${bodies.length > 0 ? 'POST' : 'GET'} ${url.href}, ${rps} a second`);
  return [
    {
      async stop() {
        clearInterval(calls);
        clearInterval(summaries);
        client.close();
      },
    },
  ];
});
