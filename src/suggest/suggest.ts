// From what was seen to the objects that let it go on: pure, and in steps, since of a busy mesh there are thousands, made by the
// thread that serves its proxies. Invariants: what is suggested has no finding of validation, opens nothing that was not seen
// (but for wildcards, where they are asked for), and is not suggested again once it is applied.
import type { KubeObject } from '../api/object.ts';
import type { Mesh } from '../mesh/mesh.ts';
import type { SeenFlow } from '../telemetry/seen-flow.ts';
import { collectFindings } from './findings.ts';
import { suggestEntries } from './for-namespaces.ts';
import { suggestPolicies } from './for-workloads.ts';
import type { RunningPod } from './policy-sources.ts';
import { registeredIn } from './registered.ts';
import type { Suggestions, SuggestOptions } from './suggestion.ts';
import { type Wanted, wantedOf } from './wanted.ts';

export interface Present {
  readonly mesh: Mesh;
  /** ServiceEntries and EgressPolicies as they are stored. */
  readonly objects: readonly KubeObject[];
  /** With a sidecar. */
  readonly pods: readonly RunningPod[];
}

/** Each step is a small one. */
export function* suggest(
  seen: Iterable<SeenFlow>,
  { mesh, objects, pods }: Present,
  options: SuggestOptions,
): Generator<void, Suggestions> {
  const registered = registeredIn(mesh);
  const { wanted: all, leftOut } = wantedOf(seen, options);
  const wanted: Wanted[] = [];
  for (const one of all) {
    yield;
    // Whatever it was when it was seen.
    if (!registered.isKnown(one.namespace, one.host, one.port)) wanted.push(one);
  }
  const findings = collectFindings(objects, leftOut);
  if (options.as === 'serviceentries') yield* suggestEntries(wanted, registered, options, findings);
  else {
    const { names = [], addresses = [] } = Object.groupBy(wanted, ({ isAddress }) =>
      isAddress ? 'addresses' : 'names',
    );
    yield* suggestPolicies(names, registered, pods, options, findings);
    yield* suggestEntries(addresses, registered, options, findings);
  }
  return findings.result();
}
