// ServiceEntries with an end, in a real store: taken away on time, also where the time came while nobody looked.
import assert from 'node:assert/strict';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { pino } from 'pino';
import { temporaryFolder } from '../../test/store/temporary-folder.ts';
import { until } from '../../test/support/until.ts';
import { expiresAnnotation } from '../api/annotations.ts';
import type { KubeObject } from '../api/object.ts';
import { openLocalStore } from '../store/local/local-store.ts';
import type { ApplyOptions, ObjectStore, WatchEvent } from '../store/store.ts';
import { removeExpiredEntries } from './expired-entries.ts';

const collection = { group: 'networking.istio.io', kind: 'ServiceEntry' };
const folder = temporaryFolder();
let store: ObjectStore;

before(async () => {
  store = await openLocalStore({ file: join(folder, 'store.db') });
});
after(async () => {
  await store.close();
  rmSync(folder, { recursive: true });
});

function entry(name: string, annotations: Readonly<Record<string, string>>): KubeObject {
  const metadata = { namespace: 'shop', name, annotations };
  const ports = [{ number: 80, name: 'http', protocol: 'HTTP' }];
  return {
    apiVersion: 'networking.istio.io/v1',
    kind: 'ServiceEntry',
    metadata,
    spec: { hosts: [`${name}.example`], ports, resolution: 'DNS' },
  };
}

async function apply(one: KubeObject, options?: ApplyOptions): Promise<WatchEvent> {
  const [result] = await store.apply([one], options);
  assert.ok(result !== undefined);
  return { type: 'ADDED', object: result.object };
}

async function names(): Promise<readonly string[]> {
  return (await store.list(collection)).items.map(({ metadata }) => metadata.name);
}

function controller(t: { after(end: () => void): void }, clock?: () => number) {
  const life = new AbortController();
  t.after(() => life.abort());
  const told: string[] = [];
  const log = pino({ level: 'info' }, { write: (line: string) => void told.push(line) });
  const options = { store, signal: life.signal, log, ...(clock === undefined ? {} : { clock }) };
  return { told, ...removeExpiredEntries(options) };
}

const at = (time: number) => ({ [expiresAnnotation]: new Date(time).toISOString() });

test('what is over is taken away, what is not and what has no end stays', async (t) => {
  const events = [
    await apply(entry('over', at(Date.now() - 1000))),
    await apply(entry('later', at(Date.now() + 3_600_000))),
    await apply(entry('ever', {})),
    await apply(entry('unreadable', { [expiresAnnotation]: 'tomorrow' })),
  ];
  controller(t).take(events);
  await until('two are left', async () => (await names()).length === 2);
  assert.deepEqual(await names(), ['ever', 'later']);
});

test('its time comes while it is there', async (t) => {
  const end = Date.now() + 400;
  const { take } = controller(t);
  take([await apply(entry('soon', at(end)))]);
  assert.ok((await names()).includes('soon'));
  await until('it is taken away', async () => !(await names()).includes('soon'));
  assert.ok(Date.now() >= end);
});

test('who gets more time in the last moment keeps it', async (t) => {
  let now = 1000;
  const event = await apply(entry('longer', at(2000)));
  const { take } = controller(t, () => now);
  take([event]);
  const prolonged = await apply(entry('longer', at(10_000_000)));
  now = 3000;
  take([event]);
  take([prolonged, await apply(entry('over', at(2500)))]);
  await until('the other is taken away', async () => !(await names()).includes('over'));
  assert.ok((await names()).includes('longer'));
});

test('what belongs to a file stays, and that is said once', async (t) => {
  const { take, told } = controller(t);
  take([await apply(entry('filed', at(Date.now() - 1000)), { ownerFile: 'entries.yaml' })]);
  await until('it is said', () => told.some((line) => line.includes('belongs to entries.yaml')));
  take([await apply(entry('next', at(Date.now() - 1000)))]);
  await until('the next one is taken away', async () => !(await names()).includes('next'));
  assert.ok((await names()).includes('filed'));
  assert.equal(told.filter((line) => line.includes('belongs to')).length, 1);
});
