// The tour's machinery without a mesh, and the README's copy of what it prints. The tour itself is played by
// test/slow/demo.test.ts.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { answers, applies, counts, fails, prints } from './expectations.ts';
import { filledIn, type Player, play, typed } from './play.ts';
import type { Chapter, Facts, Outcome } from './step.ts';
import { tourChapters } from './tour.ts';

const said = (stdout: string, code = 0): Outcome => ({ code, stdout, stderr: '' });

function player(outcomes: readonly Outcome[], lines: string[]): Player {
  const left = [...outcomes];
  return {
    program: 'sallyport',
    run: async () => left.shift() ?? said('nothing left', 1),
    print: (line) => void lines.push(line),
    paint: (line) => line,
    signal: new AbortController().signal,
  };
}

const chapter = (eventually: boolean): readonly Chapter[] => [
  { title: 'One', steps: [{ command: ['get', "it's"], input: 'a\nb\n', expect: [prints('ok')], eventually }] },
];

test('a step shows its command as a shell takes it, what it printed, and whether it held', async () => {
  const lines: string[] = [];
  assert.deepEqual(await play(chapter(false), player([said('wrong\n')], lines)), { held: 0, failed: 1 });
  const shown = ["$ sallyport get 'it'\\''s' <<EOF", 'a', 'b', 'EOF', 'wrong', '✗ says exactly this'];
  assert.deepEqual(lines, ['', '1. One', '', ...shown]);
});

test('what comes later is asked for again, and only its last output is shown', async () => {
  const lines: string[] = [];
  assert.deepEqual(await play(chapter(true), player([said('early\n'), said('ok\n')], lines)), { held: 1, failed: 0 });
  assert.ok(!lines.includes('early'));
});

test('what a step learns stands in the commands and the input of later ones; a command of the host has no program', async () => {
  const lines: string[] = [];
  const learn = (stdout: string): Facts => ({ place: stdout.trim() });
  const steps = [
    { command: ['get', 'place'], expect: [], learn },
    { command: ['curl', 'http://{place}/{other}'], onHost: true, input: '{place}\n', expect: [] },
  ];
  await play([{ title: 'One', steps }], player([said('a.test\n'), said('')], lines));
  assert.ok(lines.includes("$ curl 'http://a.test/{other}' <<EOF"), lines.join('\n'));
  assert.deepEqual(lines.slice(-2), ['a.test', 'EOF']);
});

test('an answer is known by its status line and headers, a failure by its exit code', () => {
  const page = said('HTTP/1.1 502 Bad Gateway\r\nserver: envoy\r\ncontent-length: 0\r\n\r\n');
  assert.ok(answers(502, 'server: envoy', 'content-length: 0').holds(page));
  assert.ok(!answers(200).holds(page));
  assert.ok(!answers(502, 'content-length: 9').holds(page));
  assert.ok(answers(502).holds({ ...page, stdout: '', stderr: page.stdout }));
  assert.ok(fails('').holds(said('', 35)));
  assert.ok(!fails('').holds(said('')));
});

test('objects are there however often they were applied; what was counted is told by its text', () => {
  const both = applies('service/a', 'service/b');
  assert.ok(both.holds(said('service/a created\nservice/b unchanged\n')));
  assert.ok(!both.holds(said('service/a created\n')));
  assert.ok(!both.holds(said('service/a created\nservice/b created\n', 1)));
  assert.ok(!both.holds(said('service/a created\nservice/c created\n')));
  const counted = said('     85 Hello  there\n  15 fault\n');
  assert.ok(
    counts('', (count) => count('Hello there') === 85 && count('fault') === 15 && count('x') === 0).holds(counted),
  );
});

test("the README shows the tour's commands as they are", () => {
  const readme = readFileSync(new URL('../../README.md', import.meta.url), 'utf8');
  const internet = /^simulated internet on (\S+):/m.exec(readme)?.[1] ?? '';
  const stage = { namespace: 'backyards-demo', curl: ['curl'], folder: 'demo', internet };
  const steps = tourChapters(stage).flatMap((one) => one.steps);
  const facts = Object.assign({}, ...steps.map(({ learn }) => learn?.(readme)));
  const lines = steps.map((step) => typed(filledIn(step, facts), 'sallyport').join('\n'));
  const missing = lines.filter((text) => !readme.includes(text));
  assert.deepEqual(missing, []);
});
