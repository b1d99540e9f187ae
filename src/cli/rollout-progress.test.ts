import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { DeploymentStatus } from '../api/kinds/deployment.ts';
import { rolloutProgress } from './rollout-progress.ts';

function textOf(status: DeploymentStatus): string {
  const metadata = { name: 'web', generation: 2 };
  const template = { spec: { containers: [{ name: 'web' }] } };
  return rolloutProgress({
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata,
    spec: { replicas: 3, selector: {}, template },
    status: { observedGeneration: 2, ...status },
  }).text;
}

test('a rollout is told in kubectl’s words', () => {
  const waiting = 'Waiting for deployment "web" rollout to finish:';
  assert.equal(textOf({ observedGeneration: 1 }), 'Waiting for deployment spec update to be observed...');
  assert.equal(textOf({ updatedReplicas: 1 }), `${waiting} 1 out of 3 new replicas have been updated...`);
  assert.equal(textOf({ updatedReplicas: 3, replicas: 4 }), `${waiting} 1 old replicas are pending termination...`);
  assert.equal(
    textOf({ updatedReplicas: 3, replicas: 3, availableReplicas: 2 }),
    `${waiting} 2 of 3 updated replicas are available...`,
  );
  assert.equal(
    textOf({ updatedReplicas: 3, replicas: 3, availableReplicas: 3 }),
    'deployment "web" successfully rolled out',
  );
  const conditions = [{ type: 'Progressing', status: 'False', reason: 'ProgressDeadlineExceeded' }];
  assert.equal(textOf({ conditions }), 'deployment "web" exceeded its progress deadline');
});
