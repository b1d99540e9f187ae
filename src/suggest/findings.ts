// What comes together while suggestions are made. Invariant: an object that validation has anything to say of is not suggested,
// and neither is what it was for.
import { decodeObject } from '../api/decode.ts';
import { type KubeObject, keyOf, keyString, resourceName } from '../api/object.ts';
import { type Calls, sumOfCalls } from './calls.ts';
import type { LeftOut, SuggestedObject, Suggestion, Suggestions } from './suggestion.ts';
import type { Wanted } from './wanted.ts';

export interface Findings {
  /** What is stored under the name, or is suggested for it already. */
  stored(kind: 'ServiceEntry' | 'EgressPolicy', namespace: string, name: string): KubeObject | undefined;
  /** With what it lets through. */
  suggest(suggested: SuggestedObject, wanted: readonly Wanted[]): void;
  leaveOut(wanted: Wanted, reason: string): void;
  result(): Suggestions;
}

const groups = { ServiceEntry: 'networking.istio.io', EgressPolicy: 'egress.sallyport.dev' } as const;

export function collectFindings(objects: readonly KubeObject[], before: readonly LeftOut[]): Findings {
  const known = new Map(objects.map((object) => [keyString(keyOf(object)), object]));
  const suggestions: Suggestion[] = [];
  const suggested: SuggestedObject[] = [];
  const leftOut = new Map<string, LeftOut>();

  function leave(left: LeftOut): void {
    const key = JSON.stringify([left.namespace, left.host, left.port, left.reason]);
    const workloads = new Set([...(leftOut.get(key)?.workloads ?? []), ...left.workloads]);
    leftOut.set(key, { ...left, workloads: [...workloads].sort() });
  }

  for (const left of before) leave(left);

  const leaveOut = ({ namespace, host, port, callers }: Wanted, reason: string) =>
    leave({ namespace, host, port, workloads: [...callers.keys()], reason });

  return {
    stored: (kind, namespace, name) => known.get(keyString({ group: groups[kind], kind, namespace, name })),
    suggest(one, wanted) {
      const [finding] = decodeObject(one.object).diagnostics;
      if (finding !== undefined) {
        for (const each of wanted) leaveOut(each, finding.message);
        return;
      }
      const key = keyOf(one.object);
      known.set(keyString(key), one.object);
      suggested.push(one);
      for (const each of wanted) suggestions.push(suggestionFor(each, resourceName(key)));
    },
    leaveOut,
    result: () => ({ suggestions, objects: suggested, leftOut: [...leftOut.values()] }),
  };
}

function suggestionFor({ namespace, host, port, protocol, callers, note }: Wanted, object: string): Suggestion {
  const [first, ...others] = callers.values();
  const none: Calls = { requests: 0, connections: 0, blocked: false, firstSeen: '', lastSeen: '' };
  const calls = others.reduce(sumOfCalls, first ?? none);
  const workloads = [...callers.keys()].sort();
  return { namespace, host, port, protocol, workloads, ...calls, object, ...(note === undefined ? {} : { note }) };
}
