// The bodies that tell what came of EgressTests.
import { z } from 'zod';
import type { Immutable } from '../../api/immutable.ts';
import type { TestRun } from '../../policy-test/result.ts';
import { componentSchema } from './components.ts';
import { diagnosticSchema, sourceSchema } from './mesh-schema.ts';

export const testsAskSchema = componentSchema(
  'TestsAsk',
  z.strictObject({
    objects: z.array(z.unknown()).max(50_000).describe('as they would be applied, EgressTests among them'),
    namespace: z.string().min(1).exactOptional().describe('of the tests'),
  }),
);

const count = z.int().min(0);

const failure = componentSchema(
  'TestFailure',
  z.strictObject({
    caller: z.string().describe('namespace/workload; empty where nobody could be found'),
    call: z.string().describe('with its method, where one is meant'),
    outcome: z.string().describe('what would become of it'),
    when: z.array(z.string()).describe('conditions that all hold then; empty: always'),
    reason: z.string().describe('one sentence for a person'),
    object: z.string().describe('that decides'),
  }),
);

const expectation = componentSchema(
  'TestExpectation',
  z.strictObject({
    path: z.string().describe('the field of the EgressTest'),
    source: sourceSchema.exactOptional(),
    title: z.string(),
    passed: z.boolean(),
    tried: count.describe('calls that were judged for it'),
    failures: z.array(failure),
  }),
);

export const testsSchema = componentSchema(
  'Tests',
  z.strictObject({
    tests: z.array(z.strictObject({ namespace: z.string(), name: z.string(), expectations: z.array(expectation) })),
    passed: count.describe('expectations'),
    failed: count,
    diagnostics: z.array(diagnosticSchema).describe('objects that would be refused, and are left out'),
  }),
) satisfies z.ZodType<Immutable<TestRun>>;
