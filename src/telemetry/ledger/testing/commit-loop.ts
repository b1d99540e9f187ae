// Commits batches to the ledger in the file that it is given, one after the other and without end, and prints the
// number of each when it is committed. Numbers go on where the ledger stands.
import { writeSync } from 'node:fs';
import { openLedger } from '../open-ledger.ts';
import { numberedBatch } from './events.ts';

const ledger = openLedger({ file: process.argv[2] ?? '' });
for (let number = ledger.lastDecisionId() + 1; ; number += 1) {
  ledger.commit(numberedBatch(number));
  writeSync(1, `${number}\n`);
}
