// One incoming request, whatever its protocol: do the work, make the calls of REQUESTS, answer. The answer is the same
// whatever became of the calls. Invariant: every call is made exactly as often as REQUESTS says.
import type { Log } from '../program/log.ts';
import type { CallTarget } from './calls.ts';
import { piDigits } from './pi.ts';
import type { Settings } from './settings.ts';

/** Handles a request and gives the text of the answer. */
export type Incoming = () => Promise<string>;

/** Calls under way at a time for one incoming request. They begin in the order of REQUESTS. */
const mostAtOnce = 4;

export function createIncoming(service: string, settings: Settings, call: CallTarget, log: Log): Incoming {
  const { workload, targets, answer } = settings;
  const calls = targets.flatMap((target) => Array.from({ length: target.count }, () => target));
  return async () => {
    const result = workload.kind === 'PI' ? piDigits(workload.digits) : service;
    const waiting = calls.values();
    const callInTurn = async () => {
      for (const target of waiting) log(await call(target));
    };
    await Promise.all(Array.from({ length: Math.min(mostAtOnce, calls.length) }, callInTurn));
    return answer ?? result;
  };
}
