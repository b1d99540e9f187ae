// The tests that hold verdicts and live Envoys together, for so many random configurations in each capture. `VERDICT_SEED` and
// `VERDICT_CASES` choose others.
import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import fc from 'fast-check';
import { worldObjects } from '../../src/verdict/testing/arbitrary-world.ts';
import { suiteScope } from './suite-scope.ts';
import { startVerdictMesh, type VerdictMesh } from './verdict-mesh.ts';

export function agreeOnConfigurations(given: { readonly seed: number; readonly cases: number }): void {
  const seed = Number(process.env['VERDICT_SEED'] ?? given.seed);
  const cases = Number(process.env['VERDICT_CASES'] ?? given.cases);
  for (const [capture, address] of [
    ['redirect', 13],
    ['proxy', 22],
  ] as const) {
    describe(`with ${capture} capture`, () => {
      const scope = suiteScope();
      let mesh: VerdictMesh;

      before(async () => {
        mesh = await startVerdictMesh(scope, { capture, address });
      });

      for (const [index, objects] of fc.sample(worldObjects, { seed, numRuns: cases }).entries()) {
        it(`agree on configuration ${index} of seed ${seed}`, async () => {
          const found = await mesh.differences(objects);
          assert.deepEqual(found, [], objects.map((one) => JSON.stringify(one)).join('\n'));
        });
      }
    });
  }
}
