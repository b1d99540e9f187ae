// The hosts of a VirtualService and the gateways it is bound to. Follows ValidateVirtualService of Istio's
// pkg/config/validation.
import { isDnsSubdomain } from '../dns-name.ts';
import { type FieldPath, problem, warning } from '../finding.ts';
import { normalizeHost, wildcardsAbove } from '../host-name.ts';
import type { Finding } from '../kind.ts';
import { shorten } from '../schema-messages.ts';
import { checkHost } from './service-entry-hosts.ts';
import type { VirtualService, VirtualServiceSpec } from './virtual-service-schema.ts';

/** The name that stands for all sidecars. */
const meshGateway = 'mesh';

export function* checkHosts({ hosts = [], gateways = [], http, tls, tcp }: VirtualServiceSpec): Iterable<Finding> {
  const path = ['spec', 'hosts'];
  if (hosts.length === 0) {
    if (http === undefined || gateways.length > 0 || tls !== undefined || tcp !== undefined) {
      yield problem('SP0703', path, 'virtual service must have at least one host', 'add spec.hosts');
    }
    for (const [index, { delegate }] of (http ?? []).entries()) {
      if (delegate === undefined) continue;
      const hint = 'name the last one in the first rule';
      yield problem('SP0730', ['spec', 'http', index, 'delegate'], 'a delegate cannot delegate', hint);
    }
    return;
  }
  const onMesh = gateways.length === 0 || gateways.includes(meshGateway);
  for (const [index, host] of hosts.entries()) {
    if (host !== '*') {
      for (const finding of checkHost(host)) yield { ...finding, path: [...path, index] };
    } else if (onMesh) {
      const message = 'wildcard host * is not allowed for virtual services bound to the mesh gateway';
      yield problem('SP0302', [...path, index], message, 'name the hosts, or bind it to gateways only');
    }
  }
  yield* checkOverlaps(hosts);
}

/** Two hosts of one service may not cover one another: which of them would a request be for? */
function* checkOverlaps(hosts: readonly string[]): Iterable<Finding> {
  const written = new Map<string, string>();
  for (const [index, text] of hosts.entries()) {
    const host = text === '*' ? text : normalizeHost(text);
    if (host === undefined) continue;
    const same = written.get(host);
    if (same !== undefined) yield overlap(same, text, index);
    written.set(host, text);
  }
  for (const [index, text] of hosts.entries()) {
    const host = normalizeHost(text);
    if (host === undefined) continue;
    const above = coveringHosts(host).find((other) => other !== host && written.has(other));
    if (above !== undefined) yield overlap(above, text, index);
  }
}

function overlap(first: string, second: string, index: number): Finding {
  const message = `duplicate hosts in virtual service: ${first} & ${second}`;
  return problem('SP0704', ['spec', 'hosts', index], message, 'remove one, or write two virtual services');
}

export function* checkGatewayNames(names: readonly string[], path: FieldPath): Iterable<Finding> {
  for (const [index, name] of names.entries()) {
    const [namespace = '', rest] = name.split('/', 2);
    const place = [...path, index];
    if (name.includes('/') && (namespace === '' || rest === '')) {
      const message = 'config namespace and gateway name cannot be empty';
      yield problem('SP0705', place, message, 'write namespace/name');
    } else if (name.split('/').length > 2 || !name.split('/').every(isDnsSubdomain)) {
      const hint = "write the name of a gateway, namespace/name, or 'mesh'";
      yield problem('SP0705', place, `'${shorten(name)}' is not the name of a gateway`, hint);
    }
  }
}

/** The gateways that a VirtualService is bound to. */
export interface BoundGateways {
  readonly namespace: string;
  readonly names: ReadonlySet<string>;
}

export function boundGateways({ spec, metadata }: VirtualService): BoundGateways {
  const { gateways = [] } = spec;
  const { namespace = '' } = metadata;
  const names = gateways.length === 0 ? [meshGateway] : gateways;
  return { namespace, names: new Set(names.map((name) => fullName(name, namespace))) };
}

/** A condition on gateways that the service is not bound to never holds. */
export function* checkBoundGateways(
  names: readonly string[],
  bound: BoundGateways,
  path: FieldPath,
): Iterable<Finding> {
  for (const [index, name] of names.entries()) {
    if (bound.names.has(fullName(name, bound.namespace))) continue;
    const message = `gateway ${shorten(name)} is not among spec.gateways, so the match never holds for it`;
    yield warning('SP0725', [...path, index], message, 'add it to spec.gateways');
  }
}

function fullName(name: string, namespace: string): string {
  return name === meshGateway || name.includes('/') ? name : `${namespace}/${name}`;
}

/** `*`, the host itself and the wildcards above it: what may cover it. The host is in normal form. */
export function coveringHosts(host: string): readonly string[] {
  return host === '*' ? [host] : ['*', host, ...wildcardsAbove(host)];
}
