import assert from 'node:assert/strict';
import { test } from 'node:test';
import { unknownText } from './matching/text.ts';
import { playAll, type Questions } from './questions.ts';

const told = (play: (questions: Questions) => string) =>
  playAll(play, (result) => result).ways.map(({ when, result }) => `${when.join(' & ')} => ${result}`);

test('what nothing is asked for has one way', () => {
  assert.deepEqual(
    told(() => 'a'),
    [' => a'],
  );
});

test('each answer has its way, and what makes no difference is left out', () => {
  const ways = told(({ holds }) => {
    const no = holds('p', 'not p');
    return holds('q', 'not q') && no ? 'a' : 'b';
  });
  assert.deepEqual(ways, ['p & q => a', 'p & not q => b', 'not p => b']);
});

test('the same question has the same answer, and a text that was told is known', () => {
  const ways = told((questions) => {
    const method = unknownText('its method', questions);
    if (method.matches({ kind: 'exact', value: 'GET' }))
      return method.matches({ kind: 'exact', value: 'POST' }) ? 'both' : 'get';
    return method.matches({ kind: 'exact', value: 'GET' }) ? 'changed' : 'other';
  });
  assert.deepEqual(ways, ['its method is GET => get', 'its method is not GET => other']);
});

test('a path that begins with one thing does not begin with another', () => {
  const ways = told((questions) => {
    const path = unknownText('its path', questions);
    const begins = (value: string) => path.matches({ kind: 'prefix', value });
    if (begins('/a/b')) return begins('/a') && !begins('/c') ? 'ab' : 'wrong';
    return begins('/c') ? 'c' : 'other';
  });
  assert.deepEqual(ways, [
    'its path begins with /a/b => ab',
    'its path does not begin with /a/b & its path begins with /c => c',
    'its path does not begin with /a/b & its path does not begin with /c => other',
  ]);
});

test('too many ways are not all played, and that is said', () => {
  const { complete } = playAll((questions) => {
    for (let index = 0; index < 20; index += 1) questions.holds(`${index}`, `not ${index}`);
    return '';
  }, String);
  assert.equal(complete, false);
});
