// Watches for hosts outside that a workload has not called before: of flows that are new, what older ones say.
import type { AlertSettings } from '../../../api/alert-settings.ts';
import type { Alert } from '../../alert.ts';
import { judgeFirstCall } from '../../alerts/first-seen.ts';
import { workloadName } from '../host-cap.ts';
import type { FlowHistory } from './flow-history.ts';
import type { Learning } from './learning.ts';
import { callsIn, type OutwardRow } from './outward-row.ts';
import type { Raise } from './raise.ts';

/** `firstNew`: number of the oldest flow that is new with this batch; undefined where the row's flow is none of those. */
export type WatchFirstCalls = (
  row: OutwardRow,
  going: readonly Alert[],
  firstNew: number | undefined,
  said: AlertSettings,
) => void;

export function watchFirstCalls(history: FlowHistory, learning: Learning, raise: Raise): WatchFirstCalls {
  return (row, going, firstNew, { learningMs }) => {
    if (raise.more(going, 'first-seen', row, 'any') || firstNew === undefined) return;
    const { source, destination } = row.seen;
    const { namespace } = source;
    const learns = (workload: string) => row.lastAt - learning.since(workload, row.firstAt) < learningMs;
    const hasCalled = (workload: string) => history.hasCalled({ namespace, workload }, destination.host, firstNew);
    if (learns('') || hasCalled(source.workload)) return;
    const others = learning.workloadsOf(namespace).filter((name) => name !== source.workload);
    const found = judgeFirstCall({
      destination,
      knownToNamespace: others.some(hasCalled),
      learning: learns(workloadName(source)) ? 'workload' : undefined,
    });
    if (found !== undefined) raise.one(row, found, callsIn(row));
  };
}
