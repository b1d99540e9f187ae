import assert from 'node:assert/strict';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { type TestContext, test } from 'node:test';
import { openDatabase } from '../../store/local/database.ts';
import { openLedger } from './open-ledger.ts';
import { openLedgerOrAnew } from './open-or-anew.ts';
import { ledgerMigrations } from './schema.ts';
import { batch, blockedDecision, observation, tenOClock } from './testing/events.ts';
import { ledgerFile } from './testing/ledger-file.ts';

function filledFile(context: TestContext): string {
  const file = ledgerFile(context);
  const ledger = openLedger({ file });
  ledger.commit(batch({ observations: [observation()], decisions: [blockedDecision('a')] }));
  ledger.close();
  return file;
}

/** But for the one that its lock is on. */
function filesBeside(file: string): readonly string[] {
  return readdirSync(dirname(file))
    .filter((name) => name !== basename(file) && name !== `${basename(file)}-lock`)
    .sort();
}

/** Opens it at that time and closes it again. */
function openAnew(file: string, at: number) {
  const { ledger, movedAside } = openLedgerOrAnew({ file, clock: () => at });
  const decisions = ledger.decisions({}).length;
  ledger.close();
  return { decisions, movedAside };
}

test('a ledger that is sound is opened as it is', (context) => {
  const file = filledFile(context);
  assert.deepEqual(openAnew(file, tenOClock), { decisions: 1, movedAside: undefined });
  assert.deepEqual(filesBeside(file), []);
});

test('a damaged one stops openLedger; openLedgerOrAnew moves it aside and keeps one of them', (context) => {
  const file = filledFile(context);
  const damaged = readFileSync(file).fill(0x55, 100, 9000);
  writeFileSync(file, damaged);
  assert.throws(() => openLedger({ file }), { code: 'SP_STORE_CORRUPT' });
  const first = openAnew(file, tenOClock);
  assert.equal(first.decisions, 0);
  assert.equal(first.movedAside?.because.code, 'SP_STORE_CORRUPT');
  assert.equal(first.movedAside?.file, `${file}.corrupt-2025-03-01T10-00-00.000Z`);
  assert.deepEqual(readFileSync(`${file}.corrupt-2025-03-01T10-00-00.000Z`), damaged);
  writeFileSync(file, 'no database');
  openAnew(file, tenOClock + 1000);
  assert.deepEqual(filesBeside(file), [`${basename(file)}.corrupt-2025-03-01T10-00-01.000Z`]);
});

test('a row that makes no sense is damage as well', (context) => {
  const damage: readonly string[] = [
    `UPDATE flows SET key = '["default"]'`,
    `UPDATE outcomes SET key = 'x'`,
    `UPDATE series SET key = '["udp",{}]'`,
    `UPDATE series_totals SET totals = '[1]'`,
    'DELETE FROM series',
  ];
  for (const statement of damage) {
    const file = filledFile(context);
    const database = new DatabaseSync(file);
    database.exec(statement);
    database.close();
    assert.throws(() => openLedger({ file }), { code: 'SP_STORE_CORRUPT' }, statement);
    assert.equal(openAnew(file, tenOClock).movedAside?.because.code, 'SP_STORE_CORRUPT');
  }
});

test('that of a newer program is moved aside under another name', (context) => {
  const file = filledFile(context);
  openDatabase(file, [...ledgerMigrations, 'CREATE TABLE newer (a INTEGER) STRICT']).close();
  assert.throws(() => openLedger({ file }), { code: 'SP_STORE_NEWER' });
  const { decisions, movedAside } = openAnew(file, tenOClock);
  assert.equal(decisions, 0);
  assert.equal(movedAside?.file, `${file}.newer-2025-03-01T10-00-00.000Z`);
});

test('one that is in use is neither moved nor opened', (context) => {
  const file = filledFile(context);
  const ledger = openLedger({ file });
  context.after(() => ledger.close());
  assert.throws(() => openLedgerOrAnew({ file }), { code: 'SP_STORE_IN_USE' });
  assert.deepEqual(filesBeside(file), [`${basename(file)}-shm`, `${basename(file)}-wal`]);
  assert.equal(ledger.decisions({}).length, 1);
});
