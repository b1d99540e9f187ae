// Suggests ServiceEntries: what somebody of a namespace called, for that namespace. Addresses have no other form: an EgressPolicy
// takes names alone.
import type { Findings } from './findings.ts';
import type { Registered } from './registered.ts';
import { resolutionOf, serviceEntryFor } from './service-entries.ts';
import type { SuggestOptions } from './suggestion.ts';
import type { Wanted } from './wanted.ts';
import { joinDomains } from './wildcards.ts';

export function* suggestEntries(
  wanted: readonly Wanted[],
  registered: Registered,
  { wildcards, expires }: Pick<SuggestOptions, 'wildcards' | 'expires'>,
  findings: Findings,
): Generator<void> {
  const free: Wanted[] = [];
  for (const one of wanted) {
    yield;
    const { namespace, host, isAddress } = one;
    const obstacle = isAddress
      ? registered.addressObstacle(host)
      : registered.entryObstacle(namespace, host, resolutionOf(host));
    if (obstacle === undefined) free.push(one);
    else findings.leaveOut(one, obstacle);
  }
  const joined = wildcards
    ? joinDomains(
        free,
        (namespace, wildcard) => registered.entryObstacle(namespace, wildcard, resolutionOf(wildcard)) === undefined,
      )
    : free;
  for (const ports of byHost(joined).values()) {
    yield;
    const [{ namespace, host } = { namespace: '', host: '' }] = ports;
    const request = { namespace, host, wanted: ports, expires };
    findings.suggest(
      serviceEntryFor(request, (name) => findings.stored('ServiceEntry', namespace, name)),
      ports,
    );
  }
}

function byHost(wanted: readonly Wanted[]): ReadonlyMap<string, readonly Wanted[]> {
  const groups = new Map<string, Wanted[]>();
  for (const one of wanted) {
    const key = `${one.namespace} ${one.host}`;
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [one]);
    else group.push(one);
  }
  return groups;
}
