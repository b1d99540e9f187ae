// How a Deployment replaces its pods (apps/v1): new ones beside the old ones within bounds, or all at once.
import { z } from 'zod';
import { problem } from '../finding.ts';
import type { Immutable } from '../immutable.ts';
import type { Finding } from '../kind.ts';
import { checked } from '../schema-parts.ts';

const numberOrPercent = checked(
  z.union([z.int(), z.string()], { error: 'expected a number of pods or a percentage such as 25%' }),
  function* (value): Iterable<Finding> {
    const fits = typeof value === 'number' ? value >= 0 : /^\d{1,6}%$/.test(value);
    if (!fits) yield problem('SP0109', [], `'${value}' is no number of pods`, 'write 1 or 25%');
  },
);

const rollingUpdate = z.strictObject({
  maxSurge: numberOrPercent.exactOptional(),
  maxUnavailable: numberOrPercent.exactOptional(),
});

export const strategySchema = checked(
  z.strictObject({
    type: z.enum(['RollingUpdate', 'Recreate']).exactOptional(),
    rollingUpdate: rollingUpdate.exactOptional(),
  }),
  function* ({ type, rollingUpdate }): Iterable<Finding> {
    if (type === 'Recreate' && rollingUpdate !== undefined) {
      yield problem('SP0503', ['rollingUpdate'], 'has no meaning with the type Recreate', 'remove one of them');
    }
    if (isZero(rollingUpdate?.maxSurge) && isZero(rollingUpdate?.maxUnavailable)) {
      yield problem('SP0503', ['rollingUpdate'], 'maxSurge and maxUnavailable are both 0: no pod could be replaced');
    }
  },
);

export type Strategy = Immutable<z.infer<typeof strategySchema>>;

/** Pods that may be there above the wanted number, and pods that may be missing; not both are 0. */
export interface RolloutBounds {
  readonly surge: number;
  readonly unavailable: number;
}

const usual = '25%';

export function rolloutBounds(strategy: Strategy | undefined, replicas: number): RolloutBounds {
  const { maxSurge = usual, maxUnavailable = usual } = strategy?.rollingUpdate ?? {};
  const surge = amount(maxSurge, replicas, Math.ceil);
  const unavailable = amount(maxUnavailable, replicas, Math.floor);
  return { surge, unavailable: surge === 0 && unavailable === 0 ? 1 : unavailable };
}

function amount(value: number | string, replicas: number, round: (value: number) => number): number {
  return typeof value === 'number' ? value : round((Number.parseInt(value, 10) * replicas) / 100);
}

function isZero(value: number | string | undefined): boolean {
  return value === 0 || (typeof value === 'string' && /^0+%$/.test(value));
}
