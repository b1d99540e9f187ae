// What the checks of a ServiceEntry share, read once: its resolution, its hosts in normal form, its protocols.
import { normalizeHost } from '../host-name.ts';
import { type Protocol, parseProtocol } from '../protocol.ts';
import { addressWish } from './allocated-addresses.ts';
import { trustsOriginalDestination } from './original-destination.ts';
import {
  type Resolution,
  type ServiceEntry,
  type ServiceEntrySpec,
  serviceEntryDefaults,
} from './service-entry-schema.ts';

export interface ServiceEntryFacts {
  readonly spec: ServiceEntrySpec;
  readonly resolution: Resolution;
  /** In normal form, in the order of spec.hosts. */
  readonly hosts: readonly string[];
  readonly protocols: readonly Protocol[];
  /** The annotation lets resolution NONE follow the caller's address. */
  readonly trusted: boolean;
  /** Its hosts are given an address where nothing else tells their connections from others (Istio: IP autoallocation). */
  readonly givenAddresses: boolean;
}

export function factsOf(entry: ServiceEntry): ServiceEntryFacts {
  const { spec, metadata } = entry;
  const trusted = trustsOriginalDestination(metadata);
  const resolution = spec.resolution ?? serviceEntryDefaults.resolution;
  return {
    spec,
    resolution,
    hosts: spec.hosts.map((host) => normalizeHost(host) ?? host),
    protocols: (spec.ports ?? []).map((port) => parseProtocol(port.protocol) ?? 'auto'),
    trusted,
    givenAddresses: addressWish(metadata) !== 'never' && !(resolution === 'NONE' && trusted),
  };
}
