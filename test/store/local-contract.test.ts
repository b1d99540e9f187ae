import { rmSync } from 'node:fs';
import { join } from 'node:path';
import type { KubeObject } from '../../src/api/object.ts';
import { openLocalStore } from '../../src/store/local/local-store.ts';
import { storeContract } from './contract.ts';
import { temporaryFolder } from './temporary-folder.ts';

const keptEvents = 50;

storeContract('local', async () => {
  const folder = temporaryFolder();
  const store = await openLocalStore({ file: join(folder, 'store.sqlite'), keptEvents });
  const filler = (round: number, index: number): KubeObject => ({
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: `filler-${index}`, namespace: 'filler' },
    data: { round: String(round) },
  });
  return {
    store,
    async forgetHistory() {
      for (const round of [1, 2])
        await store.apply(Array.from({ length: keptEvents }, (_, index) => filler(round, index)));
    },
    async dispose() {
      await store.close();
      rmSync(folder, { recursive: true });
    },
  };
});
