// Golden files: for each folder an `input.yaml` of Istio's API and one file for each type of Envoy resource that comes
// out. `UPDATE_GOLDEN=1` writes them anew. What comes out must also be accepted by the real Envoy, in one validation
// of all cases: what no Envoy takes is not golden.
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { validateConfig } from '../support/envoy-process.ts';
import { goldenTypes, renderGolden, toYaml } from './render.ts';
import { toStaticConfig } from './static-config.ts';

const folder = import.meta.dirname;
const update = process.env['UPDATE_GOLDEN'] === '1';
const cases = readdirSync(folder, { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map((entry) => entry.name);

for (const name of cases) {
  test(`golden ${name}`, () => {
    const rendered = renderGolden(join(folder, name, 'input.yaml'));
    for (const type of goldenTypes) {
      const file = join(folder, name, `${type}.yaml`);
      const text = toYaml(rendered[type]);
      if (update && text === '') rmSync(file, { force: true });
      else if (update) writeFileSync(file, text);
      assert.equal(text, existsSync(file) ? readFileSync(file, 'utf8') : '', `${name}/${type}.yaml`);
    }
  });
}

for (const name of cases) {
  test(`Envoy accepts golden ${name}`, async () => {
    const config = toStaticConfig(renderGolden(join(folder, name, 'input.yaml')));
    const { ok, output } = await validateConfig(config);
    assert.ok(ok, output);
  });
}
