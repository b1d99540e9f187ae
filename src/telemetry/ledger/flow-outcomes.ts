// How the parts of a flow went and ended, by number: response code and flags, and within the mesh whether by mTLS. The gRPC status is not among it: flows do not tell
// it, and a server may make it up. So may a server of the caller's own make up codes: of a destination that nobody
// registered so many outcomes are told apart, and no request is left out.
import { z } from 'zod';
import type { Observation } from '../observation.ts';
import type { LedgerContext } from './context.ts';
import { createDictionary } from './dictionary.ts';
import { isRegistered } from './host-cap.ts';

export interface FlowOutcome {
  readonly code: number;
  readonly flags: string;
  /** As in Observation. */
  readonly mtls?: boolean;
}

export interface FlowOutcomes {
  /** The number of the observation's outcome, as this flow tells it. */
  number(flow: number, observation: Observation, inHour: number): number;
  /** What was committed, by number. */
  readonly values: ReadonlyMap<number, FlowOutcome>;
  /** The flow is no more. */
  forget(flow: number): void;
  /** Takes away at most `limit` outcomes that were last seen before this hour. */
  expire(before: number, limit: number): void;
}

export function createFlowOutcomes(context: LedgerContext): FlowOutcomes {
  const outcomes = createDictionary(context, 'outcomes', readOutcome);
  /** Those of flows that have a bound, since this process started. */
  const told = new Map<number, Set<string>>();

  function isTold(flow: number, text: string): boolean {
    const own = told.get(flow) ?? new Set();
    if (own.has(text)) return true;
    if (own.size >= context.bounds.outcomes) return false;
    told.set(flow, own.add(text));
    return true;
  }

  return {
    number(flow, { destination, outcome, mtls }, inHour) {
      const { code, flags } = outcome;
      const exact = outcomeText(code, flags, mtls);
      const text = isRegistered(destination) || isTold(flow, exact) ? exact : outcomeText(code - (code % 100), '-');
      return outcomes.find(text, inHour) ?? outcomes.add(text, inHour);
    },
    values: outcomes.values,
    forget: (flow) => told.delete(flow),
    expire(before, limit) {
      outcomes.expire(before, limit);
    },
  };
}

function outcomeText(code: number, flags: string, mtls?: boolean): string {
  return JSON.stringify(mtls === undefined ? [code, flags] : [code, flags, mtls]);
}

/** Has a third where it is known. */
const outcomeSchema = z.tuple([z.number(), z.string(), z.boolean().optional()]);

/** Throws if the text is none of outcomeText's. */
function readOutcome(text: string): FlowOutcome {
  const [code, flags, mtls] = outcomeSchema.parse(JSON.parse(text));
  return { code, flags, ...(mtls === undefined ? {} : { mtls }) };
}
