// Run by disk.test.ts in a folder on a small disk of its own: fills it, makes room, makes it read-only, and prints
// what the store did.
import { execFileSync } from 'node:child_process';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { systemCode } from '../../src/platform/errors.ts';
import { openDatabase, openForReading } from '../../src/store/local/database.ts';
import { type LocalStore, openLocalStore } from '../../src/store/local/local-store.ts';
import { storeMigrations } from '../../src/store/local/migrations.ts';
import { serviceEntry } from './objects.ts';

const folder = process.argv[2] ?? '';
const file = join(folder, 'store.sqlite');
const ballast = join(folder, 'ballast');

async function codeOf(attempt: Promise<unknown>): Promise<string | undefined> {
  return attempt.then(() => undefined, systemCode);
}

async function isServed(store: LocalStore): Promise<boolean> {
  const found = await store.list({ group: 'networking.istio.io', kind: 'ServiceEntry' });
  return found.items.length === 1 && found.items[0]?.metadata.name === 'a';
}

function fill(): void {
  try {
    for (;;) writeFileSync(ballast, Buffer.alloc(4096), { flag: 'a' });
  } catch (error) {
    if (systemCode(error) !== 'ENOSPC') throw error;
  }
}

const big = serviceEntry(
  'big',
  Array.from({ length: 2000 }, (_, index) => `host-${index}.example`),
);
const ledger = join(folder, 'traffic.sqlite');
openDatabase(ledger, storeMigrations, { readers: true }).close();
const store = await openLocalStore({ file });
await store.apply([serviceEntry('a')]);
fill();
const full = await codeOf(store.apply([big]));
const servedWhileFull = await isServed(store);
await store.close();
const reopened = await openLocalStore({ file });
const reopenedWhileFull = await isServed(reopened);
// There is no room for what readers need.
const alone = openDatabase(ledger, storeMigrations, { readers: true });
const openedWithoutReaders = await codeOf(Promise.try(() => openForReading(ledger)));
alone.close();
rmSync(ballast);
const roomAgain = (await reopened.apply([big]))[0]?.outcome;
await reopened.close();
execFileSync('mount', ['-o', 'remount,ro', folder]);
const readOnly = await codeOf(openLocalStore({ file }));
console.log(JSON.stringify({ full, servedWhileFull, reopenedWhileFull, openedWithoutReaders, roomAgain, readOnly }));
