// An alert as it is shown: times in RFC 3339.
import type { Alert } from '../telemetry/alert.ts';
import type { AlertBody } from './wire.ts';

export function alertBody({ firstAt, lastAt, acknowledgedAt, resolvedAt, ...alert }: Alert): AlertBody {
  return {
    ...alert,
    firstAt: timeText(firstAt),
    lastAt: timeText(lastAt),
    ...(acknowledgedAt === undefined ? {} : { acknowledgedAt: timeText(acknowledgedAt) }),
    ...(resolvedAt === undefined ? {} : { resolvedAt: timeText(resolvedAt) }),
  };
}

function timeText(at: number): string {
  return new Date(at).toISOString();
}
