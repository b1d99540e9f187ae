// Addresses that somebody wrote behind Services without a selector: Endpoints by their own name, EndpointSlices by their
// label. Both together, each address once.
import { type EndpointSlice, serviceNameOf } from '../api/kinds/endpoint-slice.ts';
import type { Endpoints } from '../api/kinds/endpoints.ts';
import { compareText } from './origin.ts';
import type { Endpoint } from './service.ts';

export interface GivenEndpoints {
  /** What the object of this key says from now on; answers the Services, as `namespace/name`, that it concerned or does. */
  set(key: string, given: Given | undefined): readonly string[];
  of(service: string): readonly Endpoint[];
}

export interface Given {
  /** `namespace/name`. */
  readonly service: string;
  readonly endpoints: readonly Endpoint[];
}

export function createGivenEndpoints(): GivenEndpoints {
  const objects = new Map<string, Given>();
  const byService = new Map<string, Set<string>>();
  return {
    set(key, after) {
      const before = objects.get(key);
      if (before !== undefined) byService.get(before.service)?.delete(key);
      if (after === undefined) objects.delete(key);
      else {
        objects.set(key, after);
        byService.set(after.service, (byService.get(after.service) ?? new Set()).add(key));
      }
      return [before, after].flatMap((given) => (given === undefined ? [] : [given.service]));
    },
    of(service) {
      const found = new Map<string, Endpoint>();
      for (const key of [...(byService.get(service) ?? [])].sort(compareText)) {
        for (const endpoint of objects.get(key)?.endpoints ?? []) {
          const place = `${endpoint.address} ${[...endpoint.ports].join(' ')}`;
          if (!found.has(place)) found.set(place, endpoint);
        }
      }
      return [...found.values()];
    },
  };
}

type Ports = readonly { readonly name?: string; readonly port?: number | undefined; readonly protocol?: string }[];

export function translateEndpoints({ metadata, subsets = [] }: Endpoints): Given {
  return {
    service: `${metadata.namespace ?? 'default'}/${metadata.name}`,
    endpoints: subsets.flatMap(({ addresses = [], ports = [] }) =>
      addresses.map(({ ip }) => ({ address: ip, ports: portMap(ports), onlyNamedPorts: true, labels: {} })),
    ),
  };
}

/** Undefined for a slice of nobody's, or of names. A condition that is not given counts as met. */
export function translateEndpointSlice(slice: EndpointSlice): Given | undefined {
  const { metadata, addressType, endpoints = [], ports = [] } = slice;
  const name = serviceNameOf(slice);
  if (name === undefined || addressType === 'FQDN') return undefined;
  return {
    service: `${metadata.namespace ?? 'default'}/${name}`,
    endpoints: endpoints
      .filter(({ conditions }) => conditions?.ready !== false)
      .flatMap(({ addresses, zone }) =>
        addresses.map((address) => ({
          address,
          ports: portMap(ports),
          onlyNamedPorts: true,
          labels: {},
          ...(zone === undefined ? {} : { locality: `/${zone}` }),
        })),
      ),
  };
}

/** The only port of a Service may be without a name, here and there. */
function portMap(ports: Ports): ReadonlyMap<string, number> {
  const tcp = ports.filter(({ protocol = 'TCP' }) => protocol === 'TCP');
  return new Map(tcp.flatMap(({ name = '', port }) => (port === undefined ? [] : [[name, port]])));
}
