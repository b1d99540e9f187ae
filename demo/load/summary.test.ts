import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createSummary } from './summary.ts';

test('a summary counts what became of the calls, and begins anew', () => {
  const summary = createSummary();
  const answer = { kind: 'answer', body: '', blocked: false } as const;
  assert.equal(summary.take(), 'no answers yet');
  summary.add({ ...answer, status: 502, blocked: true, ms: 1 });
  summary.add({ ...answer, status: 200, ms: 3 });
  summary.add({ ...answer, status: 200, ms: 8 });
  summary.add({ kind: 'failure', reason: 'timed out', ms: 4 });
  const results = '2 × 200, 1 × 502 blocked by its sidecar, 1 × timed out';
  assert.equal(summary.take(), `4 requests: ${results}; 4 ms on average, 8 ms at most`);
  summary.leftOut();
  summary.add({ ...answer, status: 200, ms: 8 });
  assert.equal(summary.take(), '1 request: 1 × 200; 8 ms on average, 8 ms at most; 1 left out, too many were open');
});
