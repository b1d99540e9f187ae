// A short name for a pod template: equal for templates that say the same, whatever the order of their fields. It is the
// label `pod-template-hash` by which a pod is known to be of the present version or of an earlier one.
import { createHash } from 'node:crypto';
import type { Deployment } from '../../api/kinds/deployment.ts';
import { safeText } from './safe-text.ts';

const length = 8;

export function templateHash(template: Deployment['spec']['template']): string {
  return safeText(
    createHash('sha256')
      .update(JSON.stringify(sorted(template)))
      .digest(),
    length,
  );
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).sort(([left], [right]) => (left < right ? -1 : 1));
  return entries.map(([key, item]) => [key, sorted(item)]);
}
