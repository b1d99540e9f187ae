// Far more bytes out to a host than this workload is used to send it. Held against its own history in two lengths of time:
// the stretches of ten minutes of the last hour, and the hours before. Where both are known both must be exceeded, so that a
// job that runs once an hour is no news. Normal is the ninth decile: what was once in ten times does not raise it.
import type { AlertSettings } from '../../api/alert-settings.ts';
import type { AlertFinding } from '../alert.ts';
import { placeOf } from '../place.ts';
import type { Destination } from '../traffic.ts';

export const stretchMs = 10 * 60_000;
/** Of either length; fewer are no history. */
const leastSamples = 3;
/** A host that nobody registered and that has no history: so many times the minimum is too much. */
const unknownFactor = 10;

export interface BytesOut {
  readonly destination: Destination;
  /** In the last ten minutes and in the last hour. */
  readonly inStretch: number;
  readonly inHour: number;
  /** Those before, without what an alert was raised for; of hours those with traffic. */
  readonly stretchesBefore: readonly number[];
  readonly hoursBefore: readonly number[];
}

export function judgeBytesOut(told: BytesOut, settings: AlertSettings): AlertFinding | undefined {
  const { destination, inStretch, inHour } = told;
  const perStretch = limitOf(told.stretchesBefore, settings);
  const perHour = limitOf(told.hoursBefore, settings);
  const unregistered = destination.kind === 'passthrough';
  if (inStretch < settings.bytesOutMinimum) return undefined;
  if (perStretch === undefined && perHour === undefined) {
    if (!unregistered || inStretch < unknownFactor * settings.bytesOutMinimum) return undefined;
    return finding(told, 'to a host that nobody registered and that had nothing of this workload before');
  }
  if (inStretch < (perStretch?.limit ?? 0) || inHour < (perHour?.limit ?? 0)) return undefined;
  const [what, normal] = perHour === undefined ? ['ten minutes', perStretch?.normal ?? 0] : ['an hour', perHour.normal];
  return finding(told, `where ${volume(normal)} in ${what} are normal`);
}

interface Limit {
  readonly normal: number;
  readonly limit: number;
}

/** Undefined where the history is too short to say. */
function limitOf(history: readonly number[], settings: AlertSettings): Limit | undefined {
  if (history.length < leastSamples) return undefined;
  const sorted = history.toSorted((a, b) => a - b);
  const normal = sorted[Math.ceil(0.9 * sorted.length) - 1] ?? 0;
  return { normal, limit: Math.max(settings.bytesOutMinimum, settings.bytesOutFactor * normal) };
}

function finding({ destination, inStretch }: BytesOut, compared: string): AlertFinding {
  return {
    kind: 'bytes-out',
    severity: destination.kind === 'passthrough' ? 'critical' : 'warning',
    reason: `${volume(inStretch)} went out to ${placeOf(destination)} within ten minutes, ${compared}`,
  };
}

function volume(bytes: number): string {
  const mebibytes = bytes / 2 ** 20;
  return mebibytes >= 1 ? `${Number(mebibytes.toPrecision(3))} MiB` : `${Math.round(bytes / 2 ** 10)} KiB`;
}
