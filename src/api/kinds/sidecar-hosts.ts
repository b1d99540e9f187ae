// The hosts that an egress listener of a Sidecar imports: `namespace/host`, `./host`, `*/host`; `~/*` imports nothing, and
// `~namespace/host` leaves out what another line would import. Follows validateNamespaceSlashWildcardHostname of Istio's
// pkg/config/validation.
import { isDnsLabel } from '../dns-name.ts';
import { type FieldPath, problem, warning } from '../finding.ts';
import type { Finding } from '../kind.ts';
import { shorten } from '../schema-messages.ts';
import { checkHost } from './service-entry-hosts.ts';

export interface EgressHost {
  /** `*` for any, `.` for the proxy's own; empty where nothing is meant (`~/*`). */
  readonly namespace: string;
  /** As it is written; `*` for every host. */
  readonly host: string;
  readonly excluded: boolean;
}

/** Undefined if there is no slash. */
export function parseEgressHost(text: string): EgressHost | undefined {
  const slash = text.indexOf('/');
  if (slash < 0) return undefined;
  const excluded = text.startsWith('~');
  return { namespace: text.slice(excluded ? 1 : 0, slash), host: text.slice(slash + 1), excluded };
}

export function* checkEgressHosts(hosts: readonly string[], path: FieldPath): Iterable<Finding> {
  if (hosts.length === 0) {
    const message = 'sidecar: egress listener must contain at least one host';
    yield problem('SP1202', path, message, "write hosts: ['*/*'] for all, or ['~/*'] for none");
  }
  for (const [index, text] of hosts.entries()) yield* checkEgressHost(text, [...path, index]);
  yield* checkCovered(hosts, path);
}

function* checkEgressHost(text: string, path: FieldPath): Iterable<Finding> {
  const parsed = parseEgressHost(text);
  if (parsed === undefined) {
    const hint = `write ./${shorten(text)} for this namespace, or */${shorten(text)} for any`;
    yield problem('SP1203', path, 'host must be of form namespace/dnsName', hint);
    return;
  }
  const { namespace, host, excluded } = parsed;
  if ((namespace === '' && !excluded) || host === '') {
    const message = 'config namespace and dnsName in host entry cannot be empty';
    yield problem('SP1203', path, message, 'write namespace/host');
    return;
  }
  if (!['', '*', '.'].includes(namespace) && !isDnsLabel(namespace)) {
    const message = `invalid namespace value "${shorten(namespace)}" in sidecar`;
    yield problem('SP1203', path, message, "write the name of a namespace, '.', '*' or '~'");
  }
  if (host === '*') return;
  const findings = [...checkHost(host)];
  yield* findings.map((finding) => ({ ...finding, path }));
  if (findings.length === 0 && !host.includes('.') && !host.includes(':')) {
    const hint = `write the whole name, such as ${shorten(host)}.default.svc.cluster.local`;
    yield problem('SP1203', path, 'short names (non FQDN) are not allowed', hint);
  }
}

/** Lines that add nothing to others of the same listener. */
function* checkCovered(hosts: readonly string[], path: FieldPath): Iterable<Finding> {
  const imported = hosts.map(parseEgressHost).filter((host) => host !== undefined && !host.excluded);
  if (imported.length > 1 && hosts.includes('*/*')) {
    const message = '`*/*` host select all resources, no other hosts can be added';
    yield warning('SP1204', [...path, hosts.indexOf('*/*')], message, 'remove it, or the others');
    return;
  }
  const all = new Set(hosts);
  const seen = new Set<string>();
  for (const [index, text] of hosts.entries()) {
    const parsed = parseEgressHost(text);
    const wide = `${text.slice(0, text.indexOf('/'))}/*`;
    if (seen.has(text) || (parsed?.host !== '*' && all.has(wide))) {
      yield warning('SP1204', [...path, index], `duplicated egress host: ${shorten(text)}`, 'remove it');
    }
    seen.add(text);
  }
}
