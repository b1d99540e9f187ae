import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { diagnosticCodes } from './diagnostic-codes.ts';

const here = import.meta.dirname;

test('docs/diagnostics.md lists every code with its title, and no other', () => {
  const page = readFileSync(join(here, '../../docs/diagnostics.md'), 'utf8');
  const rows = [...page.matchAll(/^\| (SP\d{4}) +\| ([^|]+) \| ([^|]+) \| ([^|]+) \|$/gm)];
  const listed = rows.map(([, code, title]) => [code, title?.trim()]);
  assert.deepEqual(listed, Object.entries(diagnosticCodes));
});

test('every code is given to some mistake', () => {
  // SP06xx are given by the store, where it follows files.
  const here = join(import.meta.dirname, '..');
  const files = readdirSync(here, { recursive: true, encoding: 'utf8' });
  const sources = files.filter((file) => file.endsWith('.ts') && !file.endsWith('.test.ts'));
  const text = sources
    .filter((file) => file !== join('api', 'diagnostic-codes.ts') && !file.startsWith(join('envoy', 'gen')))
    .map((file) => readFileSync(join(here, file), 'utf8'))
    .join('\n');
  const unused = Object.keys(diagnosticCodes).filter((code) => !text.includes(`'${code}'`));
  assert.deepEqual(unused, []);
});
