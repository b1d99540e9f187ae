// Lines as Envoy 1.40 wrote them, and what is made of one.
import assert from 'node:assert/strict';
import { createMeanings } from '../meanings.ts';
import { parseRecord } from '../records/event-record.ts';
import { createJoinedRecords } from '../records/joined-records.ts';
import { tellerOf } from '../teller.ts';
import { testRegistry } from './mesh.ts';

export const now = 1_795_280_000_000;
const source = { namespace: 'default', workload: 'web', serviceAccount: 'web', labels: {} };
const context = { source, pod: 'web-1', registry: testRegistry, meanings: createMeanings(testRegistry), now };

export function readLine(line: Readonly<Record<string, unknown>>) {
  const record = parseRecord(JSON.stringify(line));
  assert.ok(record, 'the line can be read');
  const joined = createJoinedRecords(context);
  joined.add(record);
  const [observation] = joined.observations();
  const [decision] = joined.decisions();
  const event = observation === undefined ? undefined : { observation, decision };
  return { event, teller: tellerOf(record.key, record.family) };
}

const common = { t: '1795279977.376', rx: 0, tx: 0, ms: 3, o: '93.184.216.34:80', h: null };
export const httpLine = (fields: Readonly<Record<string, unknown>>) => ({
  ...common,
  ...{ a: null, c: 0, d: null, f: '-', g: null, m: null, p: null, r: null, u: null },
  ...fields,
});
export const tcpLine = (fields: Readonly<Record<string, unknown>>) => ({
  ...common,
  o: '93.184.216.34:443',
  d: null,
  f: '-',
  s: null,
  u: null,
  ...fields,
});
export const blockAll = { d: 'direct_response', r: 'block_all' };
export const good = 'outbound|80||good.test';
