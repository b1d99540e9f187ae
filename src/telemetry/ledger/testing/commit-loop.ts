// Commits batches to the ledger in the file that it is given, one after the other and without end, and prints the
// number of each when it is committed. Numbers go on where the ledger stands.
import { writeSync } from 'node:fs';
import { openLedger } from '../open-ledger.ts';
import { batch, blocked, blockedDecision, observation } from './events.ts';

const ledger = openLedger({ file: process.argv[2] ?? '' });
for (let number = ledger.lastDecisionId() + 1; ; number += 1) {
  ledger.commit(
    batch({
      observations: [observation(), blocked(`host-${number % 50}.example`)],
      decisions: [blockedDecision(`host-${number % 50}.example`)],
      positions: new Map([['loop', String(number)]]),
    }),
  );
  writeSync(1, `${number}\n`);
}
