// ServiceEntries that would register what is asked for: one that is there and lacks the port, or is not exported to who asks, or a
// new one of the caller's own namespace and for it alone.
import { isIP } from 'node:net';
import { wildcardsAbove } from '../../api/host-name.ts';
import { serviceEntryKind } from '../../api/kinds/service-entry.ts';
import type { ServiceEntryPort } from '../../api/kinds/service-entry-schema.ts';
import { parseObject } from '../../api/parse-object.ts';
import { originOf } from '../../mesh/service.ts';
import { meshNamespaceOf } from '../../mesh/tenancy.ts';
import { isVisible } from '../../mesh/visibility.ts';
import type { Attempt } from '../../verdict/attempt.ts';
import { parseOutboundCluster } from '../../xds/names.ts';
import { type Candidate, nameOf, type Stopped, withSpec } from './candidate.ts';

export function* entryCandidates(stopped: Stopped): Iterable<Candidate> {
  const attempt = wantedOf(stopped);
  if (attempt === undefined) return;
  yield* existingEntries(stopped, attempt);
  // A name of the mesh itself means a Service, which nobody outside would answer for.
  if (meshNamespaceOf(stopped.world.mesh.services, attempt.host) === undefined) yield newEntry(stopped, attempt);
}

/** What is to be registered: the host that was asked for, or the one that a rule leads it to. */
function wantedOf({ attempt, end, hops }: Stopped): Attempt | undefined {
  if (end.kind === 'refused') {
    const unknown = ['unknown-host', 'unknown-sni', 'unknown-address', 'connect-refused', 'no-destination'];
    if (!unknown.includes(end.signature)) return undefined;
  }
  const led = parseOutboundCluster(hops.at(-1)?.cluster ?? '');
  if (led === undefined || led.host === attempt.host) return end.kind === 'refused' ? attempt : undefined;
  return isIP(led.host) === 0 ? { ...attempt, ...led } : undefined;
}

function* existingEntries({ world, caller, object }: Stopped, attempt: Attempt): Iterable<Candidate> {
  const { host } = attempt;
  const services = [host, ...wildcardsAbove(host)].flatMap((name) => world.mesh.services.get(name));
  for (const service of services) {
    if (service.source !== 'ServiceEntry' || service.madeBy !== undefined) continue;
    const stored = object(originOf(service));
    const entry = stored && parseObject(serviceEntryKind.schema, stored);
    if (stored === undefined || entry === undefined) continue;
    const { spec } = entry;
    const isSeen = isVisible(service.visibility, caller.namespace);
    const isOpen = service.ports.some(({ number }) => number === attempt.port);
    const exportTo = [...(spec.exportTo ?? []), caller.namespace];
    if (!isSeen && isOpen) {
      const summary = `add the namespace ${caller.namespace} to exportTo of ${nameOf(stored)}`;
      yield { summary, object: withSpec(stored, { ...spec, exportTo }) };
    } else if (isSeen && !isOpen) {
      const ports = [...(spec.ports ?? []), portOf(attempt)];
      const summary = `add port ${attempt.port} to ${nameOf(stored)}`;
      yield { summary, object: withSpec(stored, { ...spec, ports }) };
    }
  }
}

function newEntry({ caller, object }: Stopped, attempt: Attempt): Candidate {
  const { host, port } = attempt;
  const { namespace } = caller;
  const base = host.replaceAll(/[^a-z0-9]+/g, '-').replaceAll(/^-+|-+$/g, '');
  const resource = (name: string) => `ServiceEntry/${namespace}/${name}`;
  const name = object(resource(base)) === undefined ? base : `${base}-${port}`;
  const place = isIP(host) === 0 ? { hosts: [host], resolution: 'DNS' } : atAddress(base, host);
  const summary = `register ${host} with a ServiceEntry for the namespace ${namespace}`;
  return {
    summary,
    object: {
      apiVersion: 'networking.istio.io/v1',
      kind: serviceEntryKind.kind,
      metadata: { name, namespace },
      spec: { ...place, location: 'MESH_EXTERNAL', exportTo: ['.'], ports: [portOf(attempt)] },
    },
  };
}

/** A host is a name: one that means nothing else stands for the address. */
function atAddress(base: string, address: string) {
  const hosts = [`address-${base}.internal`];
  return { hosts, addresses: [address], resolution: 'STATIC', endpoints: [{ address }] };
}

const protocols = { http: 'HTTP', grpc: 'GRPC', tls: 'TLS', tcp: 'TCP' } as const;

function portOf({ protocol, port }: Attempt): ServiceEntryPort {
  return { number: port, name: `${protocol}-${port}`, protocol: protocols[protocol] };
}
