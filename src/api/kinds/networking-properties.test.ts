// Whatever is written into an object of Istio's networking API is answered with findings, never with an
// exception. Good documents are changed in a few places, so that many get past the schema.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { decodeObject } from '../decode.ts';
import { changedObject, documentChange, goodDocuments } from './changed-documents.fixture.ts';

for (const [what, document] of Object.entries(goodDocuments)) {
  test(`a changed ${what} is answered with findings`, () => {
    let accepted = 0;
    fc.assert(
      fc.property(fc.array(documentChange, { maxLength: 4 }), (changes) => {
        const { object, diagnostics } = decodeObject(changedObject(document, changes));
        assert.equal(
          object === undefined,
          diagnostics.some(({ severity }) => severity === 'error'),
        );
        if (object !== undefined) accepted += 1;
      }),
      { seed: 20261121, numRuns: 2000 },
    );
    assert.ok(accepted > 400, `${accepted} of 2000 were accepted`);
  });
}
