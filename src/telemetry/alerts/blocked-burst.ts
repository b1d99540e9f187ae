// Calls that were stopped, again and again, or to host after host: a program that wants out where nobody let it. In Istio's
// words it is traffic to the BlackHoleCluster.
import type { AlertSettings } from '../../api/alert-settings.ts';
import type { AlertFinding } from '../alert.ts';
import { placeOf } from '../place.ts';
import type { Destination } from '../traffic.ts';

/** In which calls are counted. */
export const burstMs = 5 * 60_000;

const kind = 'blocked-burst';
const stretch = 'within five minutes';

export function judgeBlockedCalls(
  destination: Destination,
  calls: number,
  { blockedCalls }: AlertSettings,
): AlertFinding | undefined {
  if (calls < blockedCalls) return undefined;
  const reason = `attempted exfiltration, or a host that should be registered: ${calls} calls to ${placeOf(destination)} were blocked (BlackHoleCluster) ${stretch}`;
  return { kind, severity: 'warning', reason };
}

export function judgeBlockedHosts(hosts: number, { blockedHosts }: AlertSettings): AlertFinding | undefined {
  if (hosts < blockedHosts) return undefined;
  const reason = `attempted exfiltration, or a search for a way out: calls to ${hosts} different hosts were blocked (BlackHoleCluster) ${stretch}`;
  return { kind, severity: 'critical', reason };
}
