import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { parseDurationMs } from './duration.ts';

for (const [text, milliseconds] of [
  ['3s', 3000],
  ['1.5s', 1500],
  ['.5s', 500],
  ['1.s', 1000],
  ['100ms', 100],
  ['1h2m', 3_720_000],
  ['1h2m3s4ms', 3_723_004],
  ['1us', 0.001],
  ['1µs', 0.001],
  ['1μs', 0.001],
  ['1000ns', 0.001],
  ['0s', 0],
  ['0', 0],
  ['2562047h', 9_223_369_200_000],
] as const) {
  test(`${text} is ${milliseconds} ms`, () => assert.equal(parseDurationMs(text), milliseconds));
}

const refused = [
  '',
  '3',
  's',
  '.',
  '.s',
  '-1s',
  '+1s',
  '1 s',
  ' 1s',
  '1s ',
  '1S',
  '1d',
  '1h 2m',
  '1e3s',
  '1s1',
  '1..5s',
];
for (const text of [...refused, '2562048h', `${'1'.repeat(63)}s`, '1s'.repeat(40), 'Infinitys', '٣s', '1_000s']) {
  test(`${JSON.stringify(text)} is no duration`, () => assert.equal(parseDurationMs(text), undefined));
}

test('parts add up in whatever order they stand', () => {
  const part = fc.tuple(fc.nat(1000), fc.constantFrom('ms', 's', 'm', 'h'));
  fc.assert(
    fc.property(fc.array(part, { minLength: 1, maxLength: 5 }), (parts) => {
      const whole = parseDurationMs(parts.map(([count, unit]) => `${count}${unit}`).join(''));
      const sum = parts.reduce((total, [count, unit]) => total + (parseDurationMs(`${count}${unit}`) ?? Number.NaN), 0);
      assert.equal(whole, sum);
    }),
    { seed: 20261121 },
  );
});
