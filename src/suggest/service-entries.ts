// A ServiceEntry for each host of a namespace, seen by that namespace alone. Invariant: an entry that is there under its name is
// added to where it says the same of the same host, and else left as it is: another name is taken.
import { isDeepStrictEqual } from 'node:util';
import { expiresAnnotation } from '../api/annotations.ts';
import type { KubeObject } from '../api/object.ts';
import { timeInName } from './object-names.ts';
import type { SuggestedObject } from './suggestion.ts';
import type { Wanted } from './wanted.ts';

export interface EntryRequest {
  readonly namespace: string;
  /** A name, an address or a wildcard. */
  readonly host: string;
  /** Of it, in the order of their numbers. */
  readonly wanted: readonly Wanted[];
  readonly expires: string | undefined;
}

export const entryVersion = 'networking.istio.io/v1';

/** `stored`: the ServiceEntry of this name in the namespace. */
export function serviceEntryFor(
  request: EntryRequest,
  stored: (name: string) => KubeObject | undefined,
): SuggestedObject {
  const fixed = fixedSpec(request.host, request.wanted[0]?.isAddress === true);
  for (const name of namesFor(request)) {
    const existing = stored(name);
    const ports = existing === undefined ? [] : portsOfSame(existing, fixed, request.expires);
    if (ports === undefined) continue;
    const object = entry(name, request, fixed, ports, existing);
    return existing === undefined ? { object } : { object, existing };
  }
  throw new Error(`every name for an entry of ${request.host} is taken`);
}

export function resolutionOf(host: string): 'DYNAMIC_DNS' | 'DNS' {
  return host.startsWith('*.') ? 'DYNAMIC_DNS' : 'DNS';
}

interface FixedSpec {
  readonly hosts: readonly string[];
  readonly addresses?: readonly string[];
  readonly exportTo: readonly string[];
  readonly location: string;
  readonly resolution: string;
}

function fixedSpec(host: string, isAddress: boolean): FixedSpec {
  const scope = { exportTo: ['.'], location: 'MESH_EXTERNAL' };
  if (!isAddress) return { hosts: [host], ...scope, resolution: resolutionOf(host) };
  const addresses = [`${host}/${host.includes(':') ? 128 : 32}`];
  return { hosts: [nameOfAddress(host)], addresses, ...scope, resolution: 'NONE' };
}

/** A host needs a name. This one is nobody's: `.internal` is reserved for such. */
function nameOfAddress(address: string): string {
  return `${address.replace(/[.:]/g, '-')}.address.internal`;
}

function* namesFor({ host, wanted, expires }: EntryRequest): Iterable<string> {
  const isAddress = wanted[0]?.isAddress === true;
  const base = isAddress ? nameOfAddress(host) : host.startsWith('*.') ? `any.${host.slice(2)}` : host;
  const name = expires === undefined ? base : `${base}.until-${timeInName(expires)}`;
  yield name;
  for (let number = 2; number < 100; number += 1) yield `${name}.${number}`;
}

interface EntryPort {
  readonly number: number;
  readonly name: string;
  readonly protocol: string;
}

/** Undefined: it says something else. */
function portsOfSame(
  { metadata, spec }: KubeObject,
  fixed: FixedSpec,
  expires: string | undefined,
): readonly EntryPort[] | undefined {
  if (metadata.annotations?.[expiresAnnotation] !== expires) return undefined;
  if (typeof spec !== 'object' || spec === null || !('ports' in spec)) return undefined;
  const { ports, ...rest } = spec;
  if (!isDeepStrictEqual(rest, fixed) || !Array.isArray(ports) || !ports.every(isEntryPort)) return undefined;
  return ports;
}

function isEntryPort(port: unknown): port is EntryPort {
  if (typeof port !== 'object' || port === null) return false;
  const { number, name, protocol, ...rest }: Record<string, unknown> = { ...port };
  const isPlain = typeof number === 'number' && typeof name === 'string' && typeof protocol === 'string';
  return isPlain && Object.keys(rest).length === 0;
}

function entry(
  name: string,
  { namespace, wanted, expires }: EntryRequest,
  fixed: FixedSpec,
  before: readonly EntryPort[],
  existing: KubeObject | undefined,
): KubeObject {
  const added = wanted.map(({ port, protocol }) => ({
    number: port,
    name: `${protocol.toLowerCase()}-${port}`,
    protocol,
  }));
  const ports = [...before, ...added].sort((a, b) => a.number - b.number);
  const { labels, annotations } = existing?.metadata ?? {};
  const all = { ...annotations, ...(expires === undefined ? {} : { [expiresAnnotation]: expires }) };
  const { hosts, addresses, exportTo, location, resolution } = fixed;
  return {
    apiVersion: entryVersion,
    kind: 'ServiceEntry',
    metadata: {
      name,
      namespace,
      ...(labels === undefined ? {} : { labels }),
      ...(Object.keys(all).length === 0 ? {} : { annotations: all }),
    },
    spec: { hosts, ...(addresses === undefined ? {} : { addresses }), exportTo, location, ports, resolution },
  };
}
