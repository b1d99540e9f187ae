// Dry runs hold: what one says of a random change of a random configuration is what then becomes of calls in a live mesh.
import { describe } from 'node:test';
import { holdOnConfigurations } from '../support/dry-run-suite.ts';
import { needs } from '../support/requires.ts';

describe('dry runs and live Envoys', needs('root', 'iproute2', 'firewall'), () => {
  holdOnConfigurations({ seed: 1, cases: 4, addresses: { redirect: 203, proxy: 216 } });
});
