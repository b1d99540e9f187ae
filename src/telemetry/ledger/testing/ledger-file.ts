// A ledger's file of a test's own, in a folder that goes when the test ends, and all that a ledger tells.
import { copyFileSync, existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import type { Ledger } from '../../ledger.ts';
import type { LedgerBounds } from '../bounds.ts';
import { openLedger } from '../open-ledger.ts';
import { tenOClock } from './events.ts';

export function ledgerFile(context: Pick<TestContext, 'after'>): string {
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-ledger-'));
  context.after(() => rmSync(folder, { recursive: true, force: true }));
  return join(folder, 'ledger.sqlite');
}

/** A new ledger whose clock stands at ten o'clock. */
export function newLedger(context: Pick<TestContext, 'after'>, bounds: Partial<LedgerBounds> = {}): Ledger {
  return reopened(context, ledgerFile(context), bounds);
}

export function reopened(
  context: Pick<TestContext, 'after'>,
  file: string,
  bounds: Partial<LedgerBounds> = {},
): Ledger {
  const ledger = openLedger({ file, clock: () => tenOClock, bounds });
  context.after(() => ledger.close());
  return ledger;
}

/** The file and its log as they are now, which is how a kill -9 would leave them. */
export function copyOf(file: string): string {
  const copy = `${file}.copy`;
  for (const suffix of ['', '-wal']) {
    rmSync(copy + suffix, { force: true });
    if (existsSync(file + suffix)) copyFileSync(file + suffix, copy + suffix);
  }
  return copy;
}

/** All that readers can see. */
export function everythingIn(ledger: Ledger): object {
  return {
    flows: ledger.flows({ from: 0, to: tenOClock * 2 }),
    decisions: ledger.decisions({ limit: 1_000_000 }),
    lastDecisionId: ledger.lastDecisionId(),
    alerts: ledger.alerts({}),
    series: [...ledger.series()],
    dropped: ledger.dropped(),
    positions: ledger.positions(),
  };
}
