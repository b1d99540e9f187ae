// The rules of a VirtualService for connections that are not read: TLS by its SNI, TCP by its port. Follows
// validateTLSRoute and validateTCPRoute of Istio's pkg/config/validation.
import { type FieldPath, problem } from '../finding.ts';
import { normalizeHost } from '../host-name.ts';
import { parseIpRange } from '../ip-range.ts';
import type { Finding } from '../kind.ts';
import { fieldsNotActedOn } from '../not-acted-on.ts';
import { shorten } from '../schema-messages.ts';
import { checkDestinations } from './virtual-service-destinations.ts';
import { coveringHosts } from './virtual-service-hosts.ts';
import type { TcpRoute, TlsRoute, VirtualService } from './virtual-service-schema.ts';

type Bound = Pick<VirtualService['spec'], 'gateways'>;

/** `known`: the hosts of the VirtualService in normal form. */
export function* checkTlsRule(
  rule: TlsRoute,
  known: ReadonlySet<string>,
  { gateways }: Bound,
  path: FieldPath,
): Iterable<Finding> {
  for (const [index, match] of rule.match.entries()) {
    const place = [...path, 'match', index];
    for (const [nth, sni] of match.sniHosts.entries()) yield* checkSni(sni, known, [...place, 'sniHosts', nth]);
    yield* checkRanges(match.destinationSubnets ?? [], [...place, 'destinationSubnets']);
    if (!isForSidecars(match, gateways)) yield* fieldsNotActedOn(match, place, ['destinationSubnets']);
  }
  yield* checkRoute('TLS', rule.route, path);
}

export function* checkTcpRule(rule: TcpRoute, { gateways }: Bound, path: FieldPath): Iterable<Finding> {
  for (const [index, match] of (rule.match ?? []).entries()) {
    const place = [...path, 'match', index];
    yield* checkRanges(match.destinationSubnets ?? [], [...place, 'destinationSubnets']);
    if (match.sourceSubnet !== undefined) yield* checkRange(match.sourceSubnet, [...place, 'sourceSubnet']);
    if (!isForSidecars(match, gateways)) yield* fieldsNotActedOn(match, place, ['destinationSubnets']);
    yield* fieldsNotActedOn(match, place, ['sourceSubnet']);
  }
  yield* checkRoute('TCP', rule.route, path);
}

/** At gateways every connection is to the gateway. */
function isForSidecars(match: Pick<Bound, 'gateways'>, bound: readonly string[] = []): boolean {
  const gateways = match.gateways?.length ? match.gateways : bound;
  return gateways.length === 0 || gateways.includes('mesh');
}

function* checkRoute(kind: 'TLS' | 'TCP', route: TcpRoute['route'], path: FieldPath): Iterable<Finding> {
  if ((route ?? []).length === 0) yield problem('SP0707', path, `${kind} route is required`, 'add route');
  yield* checkDestinations(route ?? [], [...path, 'route']);
}

function* checkSni(sni: string, hosts: ReadonlySet<string>, path: FieldPath): Iterable<Finding> {
  const name = sni === '*' ? sni : normalizeHost(sni);
  if (name === undefined) {
    yield problem('SP0721', path, `SNI host '${shorten(sni)}' is not a DNS name`, "write a name, or '*.example.com'");
  } else if (!coveringHosts(name).some((host) => hosts.has(host))) {
    const list = shorten([...hosts].join(' '));
    const message = `SNI host "${shorten(sni)}" is not a compatible subset of any of the virtual service hosts: [${list}]`;
    yield problem('SP0721', path, message, 'add it to spec.hosts');
  }
}

function* checkRanges(ranges: readonly string[], path: FieldPath): Iterable<Finding> {
  for (const [index, range] of ranges.entries()) yield* checkRange(range, [...path, index]);
}

function* checkRange(text: string, path: FieldPath): Iterable<Finding> {
  if (parseIpRange(text) !== undefined) return;
  yield problem('SP0722', path, `${shorten(text)} is not a valid CIDR block`, 'write 192.0.2.1 or 192.0.2.0/24');
}
