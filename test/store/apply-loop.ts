// Run by crash.test.ts, and killed by it: opens the store in the file given and applies without end, two objects
// at a time, printing each number once its apply is acknowledged. It goes on from the last number stored.
import { writeSync } from 'node:fs';
import { openLocalStore } from '../../src/store/local/local-store.ts';
import { numberedPair, numberOf } from './numbered-pair.ts';
import { entryKey } from './objects.ts';

const store = await openLocalStore({ file: process.argv[2] ?? '' });
let number = numberOf(await store.get(entryKey('left')));
writeSync(1, `${number}\n`);
for (;;) {
  number += 1;
  await store.apply(numberedPair(number));
  writeSync(1, `${number}\n`);
}
