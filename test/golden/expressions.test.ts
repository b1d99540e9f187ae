// No expression is made of names (docs/security.md, P9): every regular expression in what the golden cases come to is one that
// stands in the code, one that a user wrote as such, numbers of a range, or a host of the operator's `--resolve`, escaped.
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { parse, parseAllDocuments } from 'yaml';
import { plainAuthority } from '../../src/xds/odd-authority.ts';
import { goldenTypes, renderGolden } from './render.ts';

type Place = 'code' | 'user' | 'range' | 'resolve';

/** A port in an authority: `authorityHasPort` of src/envoy/rbac-rules.ts; and a plain one as a whole. */
const ofCode = [plainAuthority, '([^:]*|\\[[0-9A-Fa-f:.]*\\]):[0-9]*'];
/** Certain ports in it, as a rule of the user's numbers them. */
const ofPorts = /^\(\[\^:\]\*\|\\\[\[0-9A-Fa-f:\.\]\*\\\]\):\[\+\]\?0\*\([\d|[\]{},-]+\)$/;
/** Of xds/proxy-capture/authority.ts: four numbers, alternatives of numbers, or any, and a port. */
const ofRange = /^(?:(?:\d+|\\d\{1,3\}|\(\?:[\d|]+\))(?:\\\.|(?=:|\()|$)){4}(?::\d+|\(\?::80\)\?)$/;

/** All texts under one of these keys, wherever. */
function textsUnder(value: unknown, keys: readonly string[], found: string[] = []): readonly string[] {
  if (typeof value !== 'object' || value === null) return found;
  for (const [key, one] of Object.entries(value)) {
    if (typeof one === 'string' && keys.includes(key)) found.push(one);
    textsUnder(one, keys, found);
  }
  return found;
}

function resolvedHosts(folder: string): readonly string[] {
  const file = join(folder, 'capture.yaml');
  const hosts = existsSync(file) ? textsUnder(parse(readFileSync(file, 'utf8')), ['host']) : [];
  return hosts.map((host) => `(?i)${host.replaceAll('.', '\\.')}`);
}

function placeOf(regex: string, folder: string): Place | undefined {
  if (ofCode.includes(regex)) return 'code';
  const written = parseAllDocuments(readFileSync(join(folder, 'input.yaml'), 'utf8')).map((one) => one.toJS());
  if (textsUnder(written, ['regex', 'match']).includes(regex)) return 'user';
  if (ofRange.test(regex) || ofPorts.test(regex)) return 'range';
  return resolvedHosts(folder).some(
    (host) => regex === host || regex.startsWith(`${host}:`) || regex === `${host}(?::80)?`,
  )
    ? 'resolve'
    : undefined;
}

test('every expression has a place where it comes from, and names are none', () => {
  const seen = new Set<Place>();
  for (const { name } of readdirSync(import.meta.dirname, { withFileTypes: true }).filter((one) => one.isDirectory())) {
    const folder = join(import.meta.dirname, name);
    const rendered = renderGolden(join(folder, 'input.yaml'));
    for (const type of goldenTypes) {
      for (const regex of textsUnder(rendered[type], ['regex'])) {
        const place = placeOf(regex, folder);
        assert.ok(place !== undefined, `${name}/${type}: ${regex}`);
        seen.add(place);
      }
    }
  }
  assert.deepEqual(seen, new Set(['code', 'user', 'range', 'resolve']));
});
