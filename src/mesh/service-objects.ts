// ServiceEntries and Services, with the workloads and addresses behind them, as services of the mesh. What is behind one may
// come from other objects: a change of those is a change of exactly the services that choose them.
import { isDeepStrictEqual } from 'node:util';
import type { ZodType } from 'zod';
import { annotatedExpiry } from '../api/expiry.ts';
import { endpointSliceKind } from '../api/kinds/endpoint-slice.ts';
import { endpointsKind } from '../api/kinds/endpoints.ts';
import { podKind } from '../api/kinds/pod.ts';
import { type Service as KubeService, serviceKind } from '../api/kinds/service.ts';
import { type ServiceEntry, serviceEntryKind } from '../api/kinds/service-entry.ts';
import { workloadEntryKind } from '../api/kinds/workload-entry.ts';
import { type KubeObject, keyOf, keyString } from '../api/object.ts';
import { parseObject } from '../api/parse-object.ts';
import type { WatchEvent } from '../store/store.ts';
import type { AllocatedAddresses } from './allocated-addresses.ts';
import { createEndings } from './endings.ts';
import { createExternalNames } from './external-names.ts';
import { createGivenEndpoints, translateEndpointSlice, translateEndpoints } from './given-endpoints.ts';
import type { Change } from './mesh.ts';
import { compareText } from './origin.ts';
import type { PeerAuthentication } from './peer-authentication.ts';
import { createPeerIndex } from './peer-index.ts';
import { selectorOf } from './selector.ts';
import type { Service } from './service.ts';
import { serviceSelector, translateService, underAnotherName } from './translate-service.ts';
import { type EntryContext, translateServiceEntry } from './translate-service-entry.ts';
import { translatePod, translateWorkloadEntry } from './workload.ts';
import { createWorkloadIndex } from './workload-index.ts';

export interface ServiceObjects {
  take(events: readonly WatchEvent[], around: ServiceContext): readonly Change<Service>[];
  /** When the time of an entry is over next; undefined: of none. */
  nextExpiry(): number | undefined;
}

export interface ServiceContext {
  /** What becomes of PeerAuthentications at the same time. */
  readonly peers: readonly Change<PeerAuthentication>[];
  /** Milliseconds since 1970. An entry whose time is over stands for nothing. */
  readonly now: number;
}

/** Kinds that services are made of. */
export const serviceKinds = [
  serviceEntryKind,
  serviceKind,
  podKind,
  workloadEntryKind,
  endpointsKind,
  endpointSliceKind,
] as const;

type AddressFor = EntryContext['addressFor'];

/** `addresses`: those that the mesh gives; undefined where nothing would lead callers to them. */
export function createServiceObjects(addresses: AllocatedAddresses | undefined): ServiceObjects {
  const translated = new Map<string, readonly Service[]>();
  /** By object, the hosts whose addresses its services have. */
  const addressed = new Map<string, readonly string[]>();
  /** Objects with a host that there was no address for. */
  const waiting = new Set<string>();
  const entries = new Map<string, ServiceEntry>();
  const endings = createEndings();
  const services = new Map<string, KubeService>();
  const workloads = createWorkloadIndex();
  const peers = createPeerIndex();
  const given = createGivenEndpoints();
  const externalNames = createExternalNames(services);

  /** Notes what the object says; answers the objects that stand for services and may now mean others. */
  function note(event: WatchEvent): readonly string[] {
    const key = keyString(keyOf(event.object));
    switch (event.object.kind) {
      case serviceEntryKind.kind:
        return noteRead(serviceEntryKind.schema, event, (entry) => noteEntry(key, event.object, entry));
      case serviceKind.kind:
        return noteRead(serviceKind.schema, event, (service) => noteService(key, event.object, service));
      case podKind.kind:
        return noteRead(podKind.schema, event, (pod) => workloads.setWorkload(key, pod && translatePod(pod)));
      case workloadEntryKind.kind:
        return noteRead(workloadEntryKind.schema, event, (entry) =>
          workloads.setWorkload(key, entry && translateWorkloadEntry(entry)),
        );
      case endpointsKind.kind:
        return noteRead(endpointsKind.schema, event, (endpoints) =>
          given.set(key, endpoints && translateEndpoints(endpoints)).map(serviceKey),
        );
      case endpointSliceKind.kind:
        return noteRead(endpointSliceKind.schema, event, (slice) =>
          given.set(key, slice && translateEndpointSlice(slice)).map(serviceKey),
        );
      default:
        return [];
    }
  }

  function noteEntry(key: string, object: KubeObject, read: ServiceEntry | undefined): readonly string[] {
    const entry = read && serviceEntryKind.withDefaults(read);
    if (entry === undefined) entries.delete(key);
    else entries.set(key, entry);
    const selector = entry?.spec.workloadSelector;
    workloads.setSelector(key, namespaceOf(object), selector && selectorOf(selector.labels ?? {}));
    restore(entry);
    return [key];
  }

  function noteService(key: string, object: KubeObject, service: KubeService | undefined): readonly string[] {
    if (service === undefined) services.delete(key);
    else services.set(key, service);
    workloads.setSelector(key, namespaceOf(object), service && serviceSelector(service));
    externalNames.set(key, service);
    restore(service);
    return [key];
  }

  function restore(object: ServiceEntry | KubeService | undefined): void {
    for (const { host, value } of object?.status?.addresses ?? []) addresses?.restore(host, value);
  }

  function translate(key: string, addressFor: AddressFor, now: number): readonly Service[] {
    const entry = entries.get(key);
    if (entry !== undefined) {
      if (annotatedExpiry(entry.metadata) <= now) return [];
      const selector = entry.spec.workloadSelector;
      const selected = selector && workloads.select(namespaceOf(entry), selectorOf(selector.labels ?? {}));
      return translateServiceEntry(entry, { workloads: selected ?? [], mtlsOf: peers.mtlsOf, addressFor });
    }
    const service = services.get(key);
    if (service === undefined) return [];
    const target = externalNames.resolve(service);
    if (target === undefined || target === service) return [translateKubeService(service, addressFor)];
    return [underAnotherName(service, translateKubeService(target, addressFor))];
  }

  function translateKubeService(service: KubeService, addressFor: AddressFor): Service {
    const namespace = namespaceOf(service);
    const selector = serviceSelector(service);
    return translateService(service, {
      workloads: selector === undefined ? [] : workloads.select(namespace, selector),
      mtlsOf: peers.mtlsOf,
      given: given.of(`${namespace}/${service.metadata.name}`),
      addressFor,
    });
  }

  /** An address is in use from the moment that it is given: the next host of the same object must not get it too. */
  function translateAddressed(
    key: string,
    now: number,
  ): { readonly services: readonly Service[]; readonly frees: boolean } {
    const hosts: string[] = [];
    waiting.delete(key);
    const services = translate(
      key,
      (host) => {
        if (addresses === undefined) return undefined;
        const address = addresses.addressOf(host);
        if (address === undefined) {
          waiting.add(key);
          return undefined;
        }
        addresses.setInUse(host, true);
        hosts.push(host);
        return address;
      },
      now,
    );
    const before = addressed.get(key) ?? [];
    for (const host of before) addresses?.setInUse(host, false);
    if (hosts.length === 0) addressed.delete(key);
    else addressed.set(key, hosts);
    return { services, frees: before.some((host) => !hosts.includes(host)) };
  }

  function replace(key: string, after: readonly Service[]): readonly Change<Service>[] {
    const before = translated.get(key) ?? [];
    if (isDeepStrictEqual(before, after)) return [];
    if (after.length === 0) translated.delete(key);
    else translated.set(key, after);
    return [{ before, after }];
  }

  return {
    nextExpiry: endings.next,
    take(events, { peers: peerChanges, now }) {
      const touched = peers.take(peerChanges);
      const noted = [...events.flatMap(note), ...workloads.selecting(touched), ...endings.over(now)];
      const dirty = externalNames.withAliases(new Set(noted));
      const after = new Map<string, readonly Service[]>();
      let freed = false;
      // In an order of their own: who is given which address must not depend on who came first.
      for (const key of [...dirty].sort(compareText)) {
        const { services, frees } = translateAddressed(key, now);
        endings.set(key, annotatedExpiry(entries.get(key)?.metadata ?? {}), now);
        after.set(key, services);
        freed ||= frees;
      }
      for (const key of freed ? [...waiting].sort(compareText) : []) {
        after.set(key, translateAddressed(key, now).services);
        // Then all are taken again.
        if (waiting.has(key)) break;
      }
      return [...after].flatMap(([key, services]) => replace(key, services));
    },
  };
}

/** What no longer fits its schema keeps its last good meaning; `set` is called with what is there, undefined: no more. */
function noteRead<Api extends KubeObject>(
  schema: ZodType<Api>,
  { type, object }: WatchEvent,
  set: (read: Api | undefined) => readonly string[],
): readonly string[] {
  if (type === 'DELETED') return set(undefined);
  const read = parseObject(schema, object);
  return read === undefined ? [] : set(read);
}

function namespaceOf(object: KubeObject): string {
  return object.metadata.namespace ?? 'default';
}

function serviceKey(path: string): string {
  const [namespace = '', name = ''] = path.split('/');
  return keyString({ group: serviceKind.group, kind: serviceKind.kind, namespace, name });
}
