// Counters against records: late is not lost, lost is told once, and neither load nor restarts make anything up.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseCounterKey } from '../../xds/counter-key.ts';
import { createBalance, kindOf } from './balance.ts';

function kind(text: string, family: 'http' | 'tcp' = 'http'): string {
  const key = parseCounterKey(text);
  assert.ok(key);
  return kindOf(family, key);
}
const blocked = kind('source;;block_all;502;-;;-');
const passed = kind('source;PassthroughCluster;allow_any;200;-;;-');

interface Pass {
  readonly counted?: number;
  readonly recorded?: number;
  readonly settled?: boolean;
  readonly restarted?: boolean;
  /** The commit did not succeed. */
  readonly refused?: boolean;
}

/** Passes every half second; how many were told as lost in each. */
function play(passes: readonly Pass[], balance = createBalance()): number[] {
  return passes.map(({ counted = 0, recorded = 0, settled = true, restarted = false, refused = false }, index) => {
    const draft = balance.draft();
    if (counted > 0) draft.counted(blocked, counted);
    if (recorded > 0) draft.recorded(blocked, recorded);
    if (restarted) draft.restarted();
    const lost = draft.lost(index * 500, settled).reduce((sum, { count }) => sum + count, 0);
    if (!refused) draft.keep();
    return lost;
  });
}

const quiet = (passes: number): readonly Pass[] => new Array<Pass>(passes).fill({});
const sum = (counts: readonly number[]) => counts.reduce((total, count) => total + count, 0);

test('what stays missing for ten seconds is told, once', () => {
  const told = play([{ counted: 5 }, { recorded: 3 }, ...quiet(60)]);
  assert.equal(sum(told), 2);
  assert.ok(told.findIndex((count) => count > 0) >= 20, `${told}`);
});

test('records that are late by less are not lost, whatever the load', () => {
  const load = [{ counted: 100, recorded: 40 }, { recorded: 60 }] as const;
  assert.equal(sum(play(new Array(60).fill(load).flat())), 0);
  assert.equal(sum(play([{ counted: 5 }, ...quiet(15), { recorded: 5 }, ...quiet(60)])), 0);
});

test('what is lost under load is told, and no more than that', () => {
  const load = [{ counted: 100, recorded: 30 }, { recorded: 50 }] as const;
  const told = play([...new Array(60).fill(load).flat(), ...quiet(60)]);
  assert.equal(sum(told), 60 * 20);
  assert.ok(sum(told.slice(0, 60)) > 0, 'it does not wait for the end of the load');
});

test('unread records are not missing', () => {
  const backlog = new Array<Pass>(100).fill({ settled: false });
  assert.equal(sum(play([{ counted: 5 }, ...backlog, { recorded: 5 }, ...quiet(60)])), 0);
});

test('what a commit did not take is told again', () => {
  const refused = quiet(40).map((pass) => ({ ...pass, refused: true }));
  const balance = createBalance();
  play([{ counted: 5 }], balance);
  play(refused, balance);
  assert.equal(sum(play(quiet(60), balance)), 5);
});

test('records that a dead process never counted hide no later loss', () => {
  const told = play([{ recorded: 7 }, { restarted: true }, ...quiet(60), { counted: 3 }, ...quiet(60)]);
  assert.equal(sum(told), 3);
});

test('records ahead of a process that lives wait for its counters', () => {
  assert.equal(sum(play([{ recorded: 7 }, ...quiet(60), { counted: 7 }, ...quiet(60)])), 0);
});

test('goes on after a restart of ours, and says of which kind the lost ones were', () => {
  const before = createBalance();
  const draft = before.draft();
  draft.counted(blocked, 3);
  draft.counted(passed, 2);
  draft.recorded(blocked, 1);
  draft.counted(kind('source;BlackHoleCluster;-;0;UH;-;', 'tcp'), 1);
  const after = createBalance();
  after.restore(draft.text());
  after.draft().lost(0, true);
  const lost = after.draft().lost(10_000, true);
  assert.deepEqual(
    lost.map(({ family, key, count }) => [family, key.cluster, key.route, count]),
    [
      ['http', '', 'block_all', 2],
      ['http', 'PassthroughCluster', 'allow_any', 2],
      ['tcp', 'BlackHoleCluster', '', 1],
    ],
  );
  after.restore('{"ahead":{"x":"y"}}');
  after.restore('no text of ours');
});
