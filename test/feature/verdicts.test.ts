// Verdicts hold: what the resources of proxies say of an attempt is what a live mesh then does, by what callers and servers outside
// see, for random configurations in both captures. test/slow/verdicts.test.ts goes on with more of them.
import { describe } from 'node:test';
import { needs } from '../support/requires.ts';
import { agreeOnConfigurations } from '../support/verdict-suite.ts';

describe('verdicts and live Envoys', needs('root', 'iproute2', 'firewall'), () => {
  agreeOnConfigurations({ seed: 1, cases: 6 });
});
