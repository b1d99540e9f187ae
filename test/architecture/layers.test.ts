// Imports point one way: platform ← api ← store ← mesh ← xds → envoy, the rest above. ARCHITECTURE.md draws it, this
// holds it. A layer may import itself and what its row lists.
import assert from 'node:assert/strict';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, relative, resolve, sep } from 'node:path';
import { test } from 'node:test';

const root = resolve(import.meta.dirname, '../..');
const src = join(root, 'src');

const allowed: Readonly<Record<string, readonly string[]>> = {
  platform: [],
  api: ['platform'],
  store: ['platform', 'api'],
  mesh: ['platform', 'api', 'store'],
  envoy: [],
  xds: ['platform', 'api', 'mesh', 'envoy', 'discovery'],
  analysis: ['platform', 'api', 'store', 'mesh', 'xds'],
  discovery: ['platform', 'envoy'],
  identity: ['platform', 'api', 'store', 'mesh', 'envoy', 'xds', 'discovery'],
  runtime: ['platform', 'api'],
  controllers: ['platform', 'api', 'store', 'mesh', 'analysis', 'envoy', 'discovery', 'runtime', 'telemetry'],
  telemetry: ['platform', 'api', 'store', 'xds', 'discovery'],
  verdict: ['platform', 'api', 'store', 'mesh', 'envoy', 'xds', 'analysis', 'discovery', 'telemetry', 'controllers'],
  check: ['platform', 'api', 'store', 'mesh', 'xds', 'discovery', 'verdict'],
  'policy-test': ['platform', 'api', 'mesh', 'discovery', 'controllers', 'verdict'],
  foresight: [
    'platform',
    'api',
    'store',
    'mesh',
    'xds',
    'controllers',
    'discovery',
    'telemetry',
    'verdict',
    'check',
    'policy-test',
    'dry-run',
    'upkeep',
    'suggest',
  ],
  'dry-run': ['api', 'mesh', 'store', 'discovery', 'telemetry', 'verdict'],
  upkeep: ['mesh', 'telemetry', 'verdict'],
  suggest: ['platform', 'api', 'mesh', 'xds', 'telemetry'],
  server: [
    'platform',
    'api',
    'store',
    'discovery',
    'identity',
    'runtime',
    'telemetry',
    'verdict',
    'check',
    'policy-test',
    'dry-run',
    'upkeep',
    'suggest',
  ],
  cli: [
    'platform',
    'api',
    'analysis',
    'server',
    'runtime',
    'discovery',
    'store',
    'telemetry',
    'verdict',
    'policy-test',
    'main',
    'demo',
  ],
  demo: ['platform', 'api'],
  main: [
    'platform',
    'api',
    'store',
    'mesh',
    'envoy',
    'xds',
    'analysis',
    'discovery',
    'identity',
    'runtime',
    'controllers',
    'telemetry',
    'verdict',
    'check',
    'foresight',
    'suggest',
    'server',
  ],
};

/** Of layers below they may take types only, so that a command or a program of another kind loads none of their code. */
const typesOnly = new Map([
  ['xds', new Set(['discovery'])],
  ['identity', new Set(['discovery'])],
  ['telemetry', new Set(['discovery'])],
  ['cli', new Set(['store', 'discovery', 'telemetry'])],
]);

const importLine = /^\s*(import|export)\s+(type\s+)?[^;]*?from\s+'(\.[^']+)'/gm;
const dynamicImport = /import\('(\.[^']+)'\)/g;

/** The first folder below src, or the folder beside it. */
function layerOf(file: string): string {
  const [first = '', second = ''] = relative(root, file).split(sep);
  return (first === 'src' ? second : first).replace(/\.ts$/, '');
}

/** `testing` folders hold what the tests beside a layer's source share. */
function isSource(name: string): boolean {
  const test = /\.(test|fixture)\.ts$/.test(name) || name.split(sep).includes('testing');
  return name.endsWith('.ts') && !test && !name.startsWith(join('envoy', 'gen'));
}

const files = [src, join(root, 'demo')].flatMap((folder) =>
  readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter(isSource)
    .map((name) => join(folder, name)),
);

test('imports point one way', () => {
  const wrong: string[] = [];
  for (const file of files) {
    const layer = layerOf(file);
    const text = readFileSync(file, 'utf8');
    const imports = [
      ...[...text.matchAll(importLine)].map(([, , type, target]) => ({ type: type !== undefined, target })),
      ...[...text.matchAll(dynamicImport)].map(([, target]) => ({ type: false, target })),
    ];
    for (const { type, target } of imports) {
      const other = layerOf(resolve(dirname(file), target ?? ''));
      if (other === layer) continue;
      const onlyTypes = typesOnly.get(layer)?.has(other) === true && !isValueInterface(layer, other, target ?? '');
      if (!(allowed[layer] ?? []).includes(other) || (onlyTypes && !type)) {
        wrong.push(`${relative(root, file)} imports ${target}`);
      }
    }
  }
  assert.deepEqual(wrong, []);
});

/** discovery/view.ts is the interface between discovery and those who make what it serves: its type URLs are values, and all it has. */
function isValueInterface(layer: string, other: string, target: string): boolean {
  return (layer === 'xds' || layer === 'identity') && other === 'discovery' && target.endsWith('/view.ts');
}

test('every layer is known', () => {
  const layers = readdirSync(src).filter((name) => statSync(join(src, name)).isDirectory() || name.endsWith('.ts'));
  assert.deepEqual(
    layers.map((name) => name.replace(/\.ts$/, '')).filter((name) => allowed[name] === undefined),
    [],
  );
});

test('no file outgrows its concept', () => {
  const large = files
    .map((file) => ({ file: relative(root, file), lines: readFileSync(file, 'utf8').split('\n').length }))
    .filter(({ lines }) => lines > 400);
  assert.deepEqual(large, []);
});
