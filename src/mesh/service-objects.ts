// ServiceEntries and Services, with the workloads and addresses behind them, as services of the mesh. What is behind one may
// come from other objects: a change of those is a change of exactly the services that choose them.
import { isDeepStrictEqual } from 'node:util';
import { endpointSliceKind } from '../api/kinds/endpoint-slice.ts';
import { endpointsKind } from '../api/kinds/endpoints.ts';
import { podKind } from '../api/kinds/pod.ts';
import { type Service as KubeService, serviceKind } from '../api/kinds/service.ts';
import { type ServiceEntry, serviceEntryKind } from '../api/kinds/service-entry.ts';
import { workloadEntryKind } from '../api/kinds/workload-entry.ts';
import { type KubeObject, keyOf, keyString } from '../api/object.ts';
import type { WatchEvent } from '../store/store.ts';
import type { AllocatedAddresses } from './allocated-addresses.ts';
import { createExternalNames } from './external-names.ts';
import { createGivenEndpoints, translateEndpointSlice, translateEndpoints } from './given-endpoints.ts';
import type { Change } from './mesh.ts';
import { compareText } from './origin.ts';
import { parsed } from './parsed.ts';
import type { PeerAuthentication } from './peer-authentication.ts';
import { createPeerIndex } from './peer-index.ts';
import { selectorOf } from './selector.ts';
import type { Service } from './service.ts';
import { serviceSelector, translateService, underAnotherName } from './translate-service.ts';
import { type EntryContext, translateServiceEntry } from './translate-service-entry.ts';
import { translatePod, translateWorkloadEntry } from './workload.ts';
import { createWorkloadIndex } from './workload-index.ts';

export interface ServiceObjects {
  /** `peers`: what becomes of PeerAuthentications at the same time. */
  take(events: readonly WatchEvent[], peers?: readonly Change<PeerAuthentication>[]): readonly Change<Service>[];
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
  const entries = new Map<string, ServiceEntry>();
  const services = new Map<string, KubeService>();
  const workloads = createWorkloadIndex();
  const peers = createPeerIndex();
  const given = createGivenEndpoints();
  const externalNames = createExternalNames(services);

  /** Notes what the object says; answers the objects that stand for services and may now mean others. */
  function note(event: WatchEvent): readonly string[] {
    const key = keyString(keyOf(event.object));
    const gone = event.type === 'DELETED';
    const object = gone ? undefined : event.object;
    switch (event.object.kind) {
      case serviceEntryKind.kind:
        return noteEntry(key, event.object, gone);
      case serviceKind.kind:
        return noteService(key, event.object, gone);
      case podKind.kind:
        return workloads.setWorkload(key, parsed(podKind.schema, object, translatePod));
      case workloadEntryKind.kind:
        return workloads.setWorkload(key, parsed(workloadEntryKind.schema, object, translateWorkloadEntry));
      case endpointsKind.kind:
        return given.set(key, parsed(endpointsKind.schema, object, translateEndpoints)).map(serviceKey);
      case endpointSliceKind.kind:
        return given.set(key, parsed(endpointSliceKind.schema, object, translateEndpointSlice)).map(serviceKey);
      default:
        return [];
    }
  }

  /** One that no longer fits its schema keeps its last good meaning; so do Services. */
  function noteEntry(key: string, object: KubeObject, gone: boolean): readonly string[] {
    const entry = gone ? undefined : parsed(serviceEntryKind.schema, object, serviceEntryKind.withDefaults);
    if (!gone && entry === undefined) return [];
    if (entry === undefined) entries.delete(key);
    else entries.set(key, entry);
    const selector = entry?.spec.workloadSelector;
    workloads.setSelector(key, namespaceOf(object), selector && selectorOf(selector.labels ?? {}));
    restore(entry);
    return [key];
  }

  function noteService(key: string, object: KubeObject, gone: boolean): readonly string[] {
    const service = gone ? undefined : parsed(serviceKind.schema, object, (one) => one);
    if (!gone && service === undefined) return [];
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

  function translate(key: string, addressFor: AddressFor): readonly Service[] {
    const entry = entries.get(key);
    if (entry !== undefined) {
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
  function translateAddressed(key: string): readonly Service[] {
    const hosts: string[] = [];
    const services = translate(key, (host) => {
      const address = addresses?.addressOf(host);
      if (address === undefined) return undefined;
      addresses?.setInUse(host, true);
      hosts.push(host);
      return address;
    });
    for (const host of addressed.get(key) ?? []) addresses?.setInUse(host, false);
    if (hosts.length === 0) addressed.delete(key);
    else addressed.set(key, hosts);
    return services;
  }

  function retranslate(key: string): readonly Change<Service>[] {
    const before = translated.get(key) ?? [];
    const after = translateAddressed(key);
    if (isDeepStrictEqual(before, after)) return [];
    if (after.length === 0) translated.delete(key);
    else translated.set(key, after);
    return [{ before, after }];
  }

  return {
    take(events, peerChanges = []) {
      const touched = peers.take(peerChanges);
      const dirty = externalNames.withAliases(new Set([...events.flatMap(note), ...workloads.selecting(touched)]));
      // In an order of their own: who is given which address must not depend on who came first.
      return [...dirty].sort(compareText).flatMap(retranslate);
    },
  };
}

function namespaceOf(object: KubeObject): string {
  return object.metadata.namespace ?? 'default';
}

function serviceKey(path: string): string {
  const [namespace = '', name = ''] = path.split('/');
  return keyString({ group: serviceKind.group, kind: serviceKind.kind, namespace, name });
}
