// As test/feature/verdicts.test.ts, with more configurations than fit into every run.
import { describe } from 'node:test';
import { needs } from '../support/requires.ts';
import { agreeOnConfigurations } from '../support/verdict-suite.ts';

describe('verdicts and live Envoys, for long', needs('root', 'iproute2', 'firewall'), () => {
  agreeOnConfigurations({ seed: 7, cases: 80 });
});
