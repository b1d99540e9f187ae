// What can be wrong among the fields of an EgressPolicy. Takes an object its schema has accepted.
// Invariant: what chooses workloads and is empty chooses none, and is refused, so that nobody takes it for all of them.
import { isDnsLabel, isDnsSubdomain } from '../dns-name.ts';
import { checkExpiry } from '../expiry.ts';
import { type FieldPath, problem } from '../finding.ts';
import { isWildcardHost } from '../host-name.ts';
import type { Finding } from '../kind.ts';
import { isHttp, isOpaqueTcp, isTls, parseProtocol } from '../protocol.ts';
import { rootNamespace } from '../root-namespace.ts';
import { shorten } from '../schema-messages.ts';
import { checkClientTls } from './destination-rule-tls-validation.ts';
import { isReadPort, portsOfPolicy, protocolOfPort } from './egress-policy-ports.ts';
import type { EgressPolicy, EgressPolicySource, EgressPolicySpec } from './egress-policy-schema.ts';
import { checkHosts } from './service-entry-hosts.ts';

export function validateEgressPolicy({ metadata, spec }: EgressPolicy): readonly Finding[] {
  return [
    ...checkHosts(spec.hosts, []),
    ...checkSources(spec.from, metadata.namespace ?? 'default'),
    ...checkPorts(spec),
    ...checkRequests(spec),
    ...checkGateway(spec.gateway),
    ...checkGatewayPorts(spec),
    ...checkOrigination(spec),
    ...checkExpiry('SP1909', ['spec', 'expires'], spec.expires),
  ];
}

function* checkSources(from: EgressPolicySpec['from'], namespace: string): Iterable<Finding> {
  if (from === undefined) return;
  const path = ['spec', 'from'];
  if (from.length === 0) {
    const hint = 'leave `from` out for all workloads of the namespace, or name some';
    yield problem('SP1901', path, 'an empty `from` chooses no workload', hint);
  }
  for (const [index, source] of from.entries()) yield* checkSource(source, namespace, [...path, index]);
}

function* checkSource(source: EgressPolicySource, namespace: string, path: FieldPath): Iterable<Finding> {
  const { selector, serviceAccounts, namespaces } = source;
  if (selector === undefined && serviceAccounts === undefined && namespaces === undefined) {
    const hint = 'write a selector, serviceAccounts or namespaces';
    yield problem('SP1901', path, 'an empty source chooses no workload', hint);
  }
  if (selector !== undefined && Object.keys(selector.matchLabels ?? {}).length === 0) {
    const hint = 'add matchLabels, or remove the selector';
    yield problem('SP1901', [...path, 'selector'], 'a selector without labels chooses no workload', hint);
  }
  for (const [field, names] of [
    ['serviceAccounts', serviceAccounts],
    ['namespaces', namespaces],
  ] as const) {
    if (names?.length === 0) {
      yield problem('SP1901', [...path, field], `empty ${field} choose no workload`, 'name some, or remove the field');
    }
    for (const [index, name] of (names ?? []).entries()) {
      if (field === 'namespaces' ? isDnsLabel(name) : isDnsSubdomain(name)) continue;
      const hint = 'write whole names: patterns are not taken here';
      yield problem('SP1902', [...path, field, index], `${shorten(name)} is not a name`, hint);
    }
  }
  if (namespaces === undefined || namespace === rootNamespace || namespaces.every((one) => one === namespace)) return;
  const message = `a policy of ${namespace} does not choose workloads of other namespaces`;
  yield problem('SP1903', [...path, 'namespaces'], message, `put the policy into ${rootNamespace}`);
}

function* checkPorts({ ports = [], hosts }: EgressPolicySpec): Iterable<Finding> {
  const seen = new Set<number>();
  for (const [index, port] of ports.entries()) {
    const path = ['spec', 'ports', index];
    const protocol = protocolOfPort(port);
    if (seen.has(port.number)) {
      yield problem('SP0313', [...path, 'number'], `port ${port.number} is named twice`, 'remove one of them');
    }
    seen.add(port.number);
    if (protocol === undefined) {
      const message = `port ${port.number} does not say what it speaks`;
      yield problem('SP1904', path, message, 'add protocol: HTTP, TLS, GRPC or TCP');
    } else if (isOpaqueTcp(parseProtocol(protocol) ?? 'auto') && hosts.some(isWildcardHost)) {
      const message = `nothing in ${protocol} names the host, so a wildcard cannot be told from others`;
      yield problem('SP0312', [...path, 'protocol'], message, 'name the hosts');
    }
  }
}

/** Methods and paths stand in requests, which are read on HTTP ports alone. */
function* checkRequests(spec: EgressPolicySpec): Iterable<Finding> {
  for (const field of ['methods', 'paths'] as const) {
    const values = spec[field];
    if (values === undefined) continue;
    const path = ['spec', field];
    if (values.length === 0)
      yield problem('SP1905', path, `empty ${field} allow nothing`, 'name some, or remove the field');
    const unread = portsOfPolicy(spec).find((port) => !isReadPort(port));
    if (unread !== undefined) {
      const hint = 'use HTTP ports, with `tls` where the server wants TLS';
      yield problem('SP1906', path, `${field} cannot be seen on port ${unread.number}`, hint);
    }
  }
  for (const [index, method] of (spec.methods ?? []).entries()) {
    if (/^[A-Z][A-Z-]*$/.test(method)) continue;
    const place = ['spec', 'methods', index];
    yield problem('SP1905', place, `${shorten(method)} is not a method`, 'write it in upper case, as in GET');
  }
  for (const [index, path] of (spec.paths ?? []).entries()) {
    if (/^(\/[^*?#\s]*\*?|\*)$/.test(path)) continue;
    const hint = "write '/v1/charges', or '/v1/*' for all below; no query, no other '*'";
    yield problem('SP1905', ['spec', 'paths', index], `${shorten(path)} is not a path`, hint);
  }
}

function* checkGateway(gateway: string | undefined): Iterable<Finding> {
  if (gateway === undefined) return;
  const parts = gateway.split('/');
  if (parts.length <= 2 && parts.every(isDnsLabel)) return;
  const hint = 'write the name of a MeshGateway, or namespace/name';
  yield problem('SP1907', ['spec', 'gateway'], `${shorten(gateway)} is not a name of a gateway`, hint);
}

/** HTTP goes to the gateway's port 80 and TLS to 443, where nothing tells the program's port any more. */
function* checkGatewayPorts({ gateway, ports = [] }: EgressPolicySpec): Iterable<Finding> {
  if (gateway === undefined) return;
  const seen = new Map<string, number>();
  for (const [index, port] of ports.entries()) {
    const protocol = parseProtocol(protocolOfPort(port)) ?? 'auto';
    const path = ['spec', 'ports', index];
    const spoken = isHttp(protocol) ? 'HTTP' : isTls(protocol) ? 'TLS' : undefined;
    if (spoken === undefined) {
      if (protocol === 'auto') continue;
      const message = `${protocol} on port ${port.number} names no host, so that a gateway cannot tell where it goes`;
      yield problem('SP1911', path, message, 'name HTTP and TLS ports alone, or leave `gateway` out');
      continue;
    }
    const first = seen.get(spoken);
    if (first === undefined) seen.set(spoken, port.number);
    else {
      const message = `${spoken} on port ${port.number} is not told from port ${first} at the gateway`;
      yield problem('SP1911', path, message, 'write a policy for each of them, with other hosts or without gateway');
    }
  }
}

function* checkOrigination(spec: EgressPolicySpec): Iterable<Finding> {
  const { tls } = spec;
  if (tls === undefined) return;
  const path = ['spec', 'tls'];
  if (tls.mode !== 'SIMPLE' && tls.mode !== 'MUTUAL') {
    const hint = 'write mode: SIMPLE or MUTUAL, or leave `tls` out';
    yield problem('SP1908', [...path, 'mode'], 'TLS is originated in mode SIMPLE or MUTUAL', hint);
    return;
  }
  yield* checkClientTls(tls, path);
  const unread = portsOfPolicy(spec).find((port) => !isReadPort(port));
  if (unread === undefined) return;
  const message = `programs speak TLS themselves on port ${unread.number}`;
  yield problem('SP1908', path, message, 'name HTTP ports alone, or leave `tls` out');
}
