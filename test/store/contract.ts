// What every object store does, whichever it is: each implementation runs this suite unchanged with a factory of
// its own. It relies on nothing but the interface: a resourceVersion is opaque, and other objects may exist.
import { describe } from 'node:test';
import { applyContract } from './contract-apply.ts';
import { changesContract } from './contract-changes.ts';
import { contractScope, type StoreFixture } from './contract-scope.ts';
import { watchContract } from './contract-watch.ts';

/** Registers the suite; `createFixture` is called once for each test. */
export function storeContract(name: string, createFixture: () => Promise<StoreFixture>): void {
  describe(`object store contract: ${name}`, () => {
    const scope = contractScope(createFixture);
    applyContract(scope);
    changesContract(scope);
    watchContract(scope);
  });
}
