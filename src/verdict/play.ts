// One attempt, played on all ways that what is not known of it leaves open, and what comes of them together.
import type { Attempt } from './attempt.ts';
import type { Ends } from './end.ts';
import { playAll } from './questions.ts';
import { Untellable } from './untellable.ts';
import type { Answer, End, Hop, Verdict, Way } from './verdict.ts';
import { type Entering, enter } from './walk/enter.ts';
import type { OpenHop, Proxies } from './walk/walk.ts';

export interface PlayOptions extends Entering {
  readonly proxies: Proxies;
  readonly ends: Ends;
  /** What is not known here is an exception, and no answer. */
  readonly strict?: boolean;
}

export function verdictOn(options: PlayOptions): Verdict {
  const { ways, complete } = playAll((questions) => {
    const hops: OpenHop[] = [];
    return { end: endOf(options, { questions, hops, proxies: options.proxies }), hops: hops.map(closedHop) };
  }, JSON.stringify);
  const all: Way[] = ways.map(({ when, result }) => ({ when, ...result }));
  if (!complete) {
    all.push({ when: [], hops: [], end: untold(`there are more than ${all.length} ways`) });
  }
  return { answer: answerOf(all), ways: all };
}

function endOf(options: PlayOptions, walk: Parameters<typeof enter>[0]): End {
  const { attempt, caller, ends, strict = false } = options;
  try {
    const entered = enter(walk, options);
    return entered.kind === 'around' ? passedBy(attempt, entered.why) : ends.of(entered, caller, attempt);
  } catch (error) {
    if (strict || !(error instanceof Untellable)) throw error;
    return untold(error.message);
  }
}

function untold(what: string): End {
  return { kind: 'untold', reason: `cannot be told: ${what}` };
}

function passedBy({ host, port }: Attempt, reason: string): End {
  const object = 'Istio/istio-system/mesh';
  return { kind: 'passthrough', host, port, signature: 'passed-unregistered', reason, object };
}

function closedHop(hop: OpenHop): Hop {
  return { ...hop, objects: [...hop.objects].sort() };
}

/** Of one way alone; undefined: it cannot be told. */
export function isAllowed(end: End): boolean | undefined {
  switch (end.kind) {
    case 'service':
    case 'external':
    case 'passthrough':
      return true;
    case 'answered':
      return end.code < 400;
    case 'refused':
    case 'unanswered':
      return false;
    case 'untold':
      return undefined;
  }
}

function answerOf(ways: readonly Way[]): Answer {
  const answers = new Set(ways.map(({ end }) => isAllowed(end)));
  if (answers.size > 1 || answers.has(undefined)) return 'depends';
  return answers.has(true) ? 'allowed' : 'refused';
}
