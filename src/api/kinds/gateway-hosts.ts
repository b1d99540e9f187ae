// The hosts that the servers of a Gateway answer: `host`, `namespace/host`, `./host` and `*/host`. Follows
// validateNamespaceSlashWildcardHostname of Istio's pkg/config/validation.
import { isDnsLabel } from '../dns-name.ts';
import { type FieldPath, problem, warning } from '../finding.ts';
import { normalizeHost } from '../host-name.ts';
import type { Finding } from '../kind.ts';
import { shorten } from '../schema-messages.ts';
import type { GatewayServer } from './gateway-schema.ts';
import { checkHost } from './service-entry-hosts.ts';

export interface ServerHost {
  /** Whose VirtualServices may be bound: `*` for any, `.` for the Gateway's own. */
  readonly namespace: string;
  /** As it is written; `*` for every host. */
  readonly host: string;
}

export function parseServerHost(text: string): ServerHost {
  const slash = text.indexOf('/');
  return slash < 0 ? { namespace: '*', host: text } : { namespace: text.slice(0, slash), host: text.slice(slash + 1) };
}

export function* checkServerHosts(hosts: readonly string[], path: FieldPath): Iterable<Finding> {
  if (hosts.length === 0) {
    const message = 'server config must contain at least one host';
    yield problem('SP0901', path, message, "write hosts: ['*'] for all");
  }
  for (const [index, text] of hosts.entries()) yield* checkServerHost(text, [...path, index]);
}

function* checkServerHost(text: string, path: FieldPath): Iterable<Finding> {
  const { namespace, host } = parseServerHost(text);
  if (namespace === '' || host === '') {
    const message = 'config namespace and dnsName in host entry cannot be empty';
    yield problem('SP0902', path, message, 'write namespace/host');
    return;
  }
  if (namespace !== '*' && namespace !== '.' && !isDnsLabel(namespace)) {
    const message = `invalid namespace value "${shorten(namespace)}" in gateway host`;
    yield problem('SP0902', path, message, "write the name of a namespace, '.' or '*'");
  }
  if (host === '*') return;
  const findings = [...checkHost(host)];
  yield* findings.map((finding) => ({ ...finding, path }));
  if (findings.length === 0 && !host.includes('.') && !host.includes(':')) {
    const message = `short names (non FQDN) are not allowed: ${shorten(host)}`;
    yield problem('SP0902', path, message, 'write the whole name, such as echo.default.svc.cluster.local');
  }
}

/** Istio: the later server of two with the same host on one port is dropped; here too, so it is told. */
export function* checkServersApart(servers: readonly GatewayServer[], path: FieldPath): Iterable<Finding> {
  const seen = new Map<string, number>();
  for (const [index, { port, bind = '', tls, hosts }] of servers.entries()) {
    if (tls === undefined) continue;
    for (const [nth, text] of hosts.entries()) {
      const { host } = parseServerHost(text);
      const key = `${port.number} ${bind} ${normalizeHost(host) ?? host}`;
      const before = seen.get(key);
      if (before !== undefined && before !== index) {
        const message = `server ${before} has ${shorten(host)} on port ${port.number} already`;
        yield warning('SP0915', [...path, index, 'hosts', nth], message, 'remove one of them');
      }
      seen.set(key, before ?? index);
    }
  }
}
