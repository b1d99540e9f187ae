// The hosts of a ServiceEntry. Istio: partial wildcards (`*foo.com`) are a warning, and any suffix may follow `*.`;
// here: a wildcard is the whole leftmost label, since `*foo.com` would allow `evilfoo.com` too.
import { problem, warning } from '../finding.ts';
import { isWildcardHost, normalizeHost } from '../host-name.ts';
import type { Finding } from '../kind.ts';
import { shorten } from '../schema-messages.ts';

const wildcardHint = "write the wildcard as the whole first label, as in '*.example.com'";

/** One host by itself. */
export function* checkHost(host: string): Iterable<Finding> {
  if (host === '*') {
    yield problem('SP0302', [], 'invalid host *', `name the hosts, or ${wildcardHint}`);
  } else if (normalizeHost(host) !== undefined) {
    return;
  } else if (host.includes('*')) {
    yield problem('SP0303', [], `host '${shorten(host)}' has a partial wildcard`, wildcardHint);
  } else {
    const hint = 'a host is a DNS name: letters, digits and hyphens between dots, without scheme, port or path';
    yield problem('SP0301', [], `host '${shorten(host)}' is not a DNS name`, hint);
  }
}

// `*.com`, `*.co.uk`: what many strangers register names under. A full list of public suffixes changes weekly.
const publicSuffix = /^\*\.([a-z0-9-]+|(ac|co|com|edu|gov|ne|net|or|org)\.[a-z]{2})$/;

/** The hosts among each other and with the addresses. Paths are relative to the object. */
export function* checkHosts(hosts: readonly string[], addresses: readonly string[]): Iterable<Finding> {
  const seen = new Set<string>();
  for (const [index, text] of hosts.entries()) {
    const host = normalizeHost(text);
    if (host === undefined) continue;
    const path = ['spec', 'hosts', index];
    if (seen.has(host)) yield warning('SP0306', path, `host ${host} is named twice`, 'remove one of them');
    seen.add(host);
    if (isWildcardHost(host) && publicSuffix.test(host)) {
      const message = `${host} allows every name under a public suffix`;
      yield warning('SP0304', path, message, 'name the domains that are meant');
    }
    if (isAddress(host) && addresses.length === 0) {
      const hint = `give the host a name and put ${host} into spec.addresses`;
      yield problem('SP0305', path, `host ${host} is an address, not a name`, hint);
    }
  }
}

/** Takes a normal form: only an IPv4 address has an all-numeric last label there. */
export function isAddress(host: string): boolean {
  return host.includes(':') || /\.\d+$/.test(host);
}
