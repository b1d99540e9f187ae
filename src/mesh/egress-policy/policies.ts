// EgressPolicies as the mesh is to know them: the policies themselves, and what the objects that they stand for change. A policy
// is looked at anew when it changes, when a VirtualService of somebody else comes to speak of one of its hosts or ceases to, and
// when its time is over.
// Invariant: what comes out depends on the objects and the time alone, not on the order in which they came.
import { isDeepStrictEqual } from 'node:util';
import { expiryTime } from '../../api/expiry.ts';
import { destinationRuleKind } from '../../api/kinds/destination-rule.ts';
import { type EgressPolicy as ApiPolicy, egressPolicyKind } from '../../api/kinds/egress-policy.ts';
import { gatewayKind } from '../../api/kinds/gateway.ts';
import { serviceEntryKind } from '../../api/kinds/service-entry.ts';
import { virtualServiceKind } from '../../api/kinds/virtual-service.ts';
import { type KubeObject, keyOf, keyString } from '../../api/object.ts';
import type { WatchEvent } from '../../store/store.ts';
import type { AllocatedAddresses } from '../allocated-addresses.ts';
import { createEndings } from '../endings.ts';
import type { Change, MeshChange } from '../mesh.ts';
import { compareText, type Origin } from '../origin.ts';
import { parsed } from '../parsed.ts';
import type { Service } from '../service.ts';
import { translateDestinationRule } from '../translate-destination-rule.ts';
import { translateGateway } from '../translate-gateway.ts';
import { translateServiceEntry } from '../translate-service-entry.ts';
import { translateVirtualService } from '../translate-virtual-service.ts';
import { createTranslated } from '../translated.ts';
import type { VirtualService } from '../virtual-service.ts';
import { type EgressPolicy, egressPolicyOrigin } from './egress-policy.ts';
import { expandEgressPolicy } from './expand.ts';
import { takersOf } from './taken-hosts.ts';
import { hostsOf, translateEgressPolicy } from './translate.ts';

export type PoliciesChange = Required<
  Pick<MeshChange, 'egressPolicies' | 'services' | 'virtualServices' | 'destinationRules' | 'gateways'>
>;

export interface EgressPolicies {
  /** `virtualServices`: those that somebody wrote. `now`: milliseconds since 1970. */
  take(events: readonly WatchEvent[], virtualServices: readonly Change<VirtualService>[], now: number): PoliciesChange;
  /** When the time of a policy is over next; undefined: of none. */
  nextExpiry(): number | undefined;
  /** What the policy stands for as the mesh is now, whether or not it has it yet. */
  meaningOf(object: ApiPolicy, now: number): PolicyMeaning;
}

export interface PolicyMeaning {
  readonly policy: EgressPolicy;
  /** The objects of Istio that it stands for. */
  readonly parts: readonly KubeObject[];
}

export interface EgressPoliciesOptions {
  readonly addresses: AllocatedAddresses | undefined;
  readonly mutualTls: boolean;
}

interface Known extends PolicyMeaning {
  readonly object: ApiPolicy;
}

export function createEgressPolicies({ addresses, mutualTls }: EgressPoliciesOptions): EgressPolicies {
  const known = new Map<string, Known>();
  const endings = createEndings();
  /** Keys of policies by each host that they name. */
  const naming = new Map<string, Set<string>>();
  const rules = new Map<string, Set<VirtualService>>();
  const services = createTranslated(
    serviceEntryKind,
    (entry) => {
      const claims = translateServiceEntry(entry, { addressFor: (host) => addresses?.addressOf(host) });
      return claims.map((one) => marked(one, entry));
    },
    partKey,
  );
  const virtualServices = createTranslated(
    virtualServiceKind,
    (object) => [marked(translateVirtualService(object), object)],
    partKey,
  );
  const destinationRules = createTranslated(
    destinationRuleKind,
    (object) => [marked(translateDestinationRule(object), object)],
    partKey,
  );
  const gateways = createTranslated(gatewayKind, (object) => [marked(translateGateway(object), object)], partKey);

  function noteRules(changes: readonly Change<VirtualService>[]): ReadonlySet<string> {
    const touched = new Set<string>();
    const note = (rule: VirtualService, step: 'add' | 'delete') => {
      for (const host of rule.hosts) {
        const speaking = rules.get(host) ?? new Set<VirtualService>();
        speaking[step](rule);
        if (speaking.size === 0) rules.delete(host);
        else rules.set(host, speaking);
        for (const key of naming.get(host) ?? []) touched.add(key);
      }
    };
    for (const { before, after } of changes) {
      for (const rule of before) note(rule, 'delete');
      for (const rule of after) note(rule, 'add');
    }
    return touched;
  }

  function noteHosts(key: string, object: ApiPolicy | undefined, step: 'add' | 'delete'): void {
    for (const host of object === undefined ? [] : hostsOf(object)) {
      const keys = naming.get(host) ?? new Set<string>();
      keys[step](key);
      if (keys.size === 0) naming.delete(host);
      else naming.set(host, keys);
    }
  }

  function stand(object: ApiPolicy, now: number): Known {
    const { namespace = 'default' } = object.metadata;
    const isFree = (host: string) => takersOf([...(rules.get(host) ?? [])], namespace).length === 0;
    return {
      object,
      policy: translateEgressPolicy(object, { now, isFree }),
      parts: expandEgressPolicy(object, { isFree, mutualTls }),
    };
  }

  function replace(key: string, object: ApiPolicy | undefined, now: number) {
    const before = known.get(key);
    noteHosts(key, before?.object, 'delete');
    noteHosts(key, object, 'add');
    const after = object === undefined ? undefined : stand(object, now);
    const same = isDeepStrictEqual(before?.policy, after?.policy);
    // The very same policy stays, so that identity stands for content.
    const kept = same && before !== undefined && after !== undefined ? { ...after, policy: before.policy } : after;
    if (kept === undefined) known.delete(key);
    else known.set(key, kept);
    endings.set(key, expiryTime(object?.spec.expires), now);
    return { policies: same ? [] : [changeOf(before?.policy, after?.policy)], parts: differences(before, after) };
  }

  return {
    take(events, changedRules, now) {
      const objects = new Map<string, ApiPolicy | undefined>();
      for (const event of events) {
        if (event.object.kind !== egressPolicyKind.kind) continue;
        const key = keyString(keyOf(event.object));
        const object = parsed(egressPolicyKind.schema, event.object, egressPolicyKind.withDefaults);
        if (event.type === 'DELETED') objects.set(key, undefined);
        else if (object !== undefined) objects.set(key, object);
      }
      for (const key of noteRules(changedRules)) if (!objects.has(key)) objects.set(key, known.get(key)?.object);
      for (const key of endings.over(now)) if (!objects.has(key)) objects.set(key, known.get(key)?.object);
      const replaced = [...objects].sort(([a], [b]) => compareText(a, b)).map(([key, one]) => replace(key, one, now));
      const parts = replaced.flatMap((one) => one.parts);
      const changedServices = services.take(parts);
      for (const { before, after } of changedServices) {
        noteAddresses(before, false);
        noteAddresses(after, true);
      }
      return {
        egressPolicies: replaced.flatMap((one) => one.policies),
        services: changedServices,
        virtualServices: virtualServices.take(parts),
        destinationRules: destinationRules.take(parts),
        gateways: gateways.take(parts),
      };
    },
    nextExpiry: endings.next,
    meaningOf: stand,
  };

  function noteAddresses(claims: readonly Service[], inUse: boolean): void {
    for (const { host, autoAllocated } of claims) if (autoAllocated === true) addresses?.setInUse(host, inUse);
  }
}

/** Policies `db` and `db-1` may both stand for a ServiceEntry `db-1`. */
function partKey(object: KubeObject): string {
  return `${object.metadata.ownerReferences?.[0]?.name} ${keyString(keyOf(object))}`;
}

/** Says which policy it stands for. */
function marked<Part extends Origin>(part: Part, { metadata }: KubeObject): Part {
  const [owner] = metadata.ownerReferences ?? [];
  if (owner === undefined) return part;
  return { ...part, madeBy: egressPolicyOrigin({ namespace: part.namespace, name: owner.name }) };
}

function changeOf<T>(before: T | undefined, after: T | undefined): Change<T> {
  return { before: before === undefined ? [] : [before], after: after === undefined ? [] : [after] };
}

function differences(before: Known | undefined, after: Known | undefined): readonly WatchEvent[] {
  const old = partsByKey(before);
  const next = partsByKey(after);
  const gone = [...old]
    .filter(([key]) => !next.has(key))
    .map(([, object]): WatchEvent => ({ type: 'DELETED', object }));
  const changed = [...next].filter(([key, object]) => !isDeepStrictEqual(old.get(key), object));
  return [...gone, ...changed.map(([, object]): WatchEvent => ({ type: 'ADDED', object }))];
}

function partsByKey(known: Known | undefined): ReadonlyMap<string, KubeObject> {
  return new Map((known?.parts ?? []).map((object) => [partKey(object), object]));
}
