import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { openLedger } from './open-ledger.ts';
import { numberedBatch } from './testing/events.ts';
import { copyOf, ledgerFile, reopened } from './testing/ledger-file.ts';

const loop = fileURLToPath(new URL('testing/commit-loop.ts', import.meta.url));

/** Lets a process commit for a while after its first batch and kills it; the last number that it printed. */
async function killCommitter(file: string, lifeMs: number): Promise<number> {
  const child = spawn(process.execPath, [loop, file], { stdio: ['ignore', 'pipe', 'inherit'] });
  let printed = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    printed += text;
  });
  const closed = once(child, 'close');
  await Promise.race([once(child.stdout, 'data'), closed]);
  await delay(lifeMs);
  child.kill('SIGKILL');
  const [, signal] = await closed;
  assert.equal(signal, 'SIGKILL', 'it lived until it was killed');
  const whole = printed.slice(0, printed.lastIndexOf('\n'));
  return Number(whole.slice(whole.lastIndexOf('\n') + 1));
}

test('what was committed survives kill -9, and of what was not nothing is there', async (context) => {
  const file = ledgerFile(context);
  const spared = reopened(context, `${file}.spared`);
  for (const lifeMs of [0, 7, 31, 64, 110]) {
    const last = await killCommitter(file, lifeMs);
    // A copy, so that the next process finds the log as it was left.
    const ledger = openLedger({ file: copyOf(file) });
    const stored = ledger.lastDecisionId();
    assert.ok(stored === last || stored === last + 1, `${stored} is stored, ${last} was printed`);
    assert.deepEqual(ledger.positions(), new Map([['loop', String(stored)]]));
    assert.equal(ledger.decisions({ limit: 1_000_000 }).length, stored);
    const requests = ledger.flows({ from: 0 }).reduce((sum, flow) => sum + flow.requests, 0);
    assert.equal(requests, 2 * stored);
    const series = [...ledger.series()].reduce((sum, one) => sum + (one.family === 'http' ? one.requests : 0), 0);
    assert.equal(series, 2 * stored);
    for (; spared.lastDecisionId() < stored; ) spared.commit(numberedBatch(spared.lastDecisionId() + 1));
    assert.deepEqual(ledger.alerts({}), spared.alerts({}), 'neither lost nor doubled');
    assert.equal(ledger.alerts({}).length > 0, stored >= 20);
    ledger.close();
  }
});
