// What stands in a request to a proxy before the path: host and port, as domains of virtual hosts and as expressions.
// A host without a port means port 80; Envoy has put it into lower case and taken a trailing dot off before it looks.

/** `a.example.com:80`, and without the port where it is 80. */
export function authorityDomains(hosts: readonly string[], port: number): readonly string[] {
  return hosts.map(bracketed).flatMap((host) => (port === 80 ? [`${host}:80`, host] : [`${host}:${port}`]));
}

/** Matches this host on the port, or on any. */
export function hostRegex(host: string, port: number | undefined): string {
  return `(?i)${escaped(bracketed(host))}${portRegex(port)}`;
}

/** Matches the addresses of an IPv4 range on the port. */
export function rangeRegex(range: string, port: number): string {
  const slash = range.indexOf('/');
  const octets = range.slice(0, slash).split('.').map(Number);
  const length = Number(range.slice(slash + 1));
  const parts = octets.map((octet, index) => octetRegex(octet, Math.max(0, Math.min(8, length - index * 8))));
  return `${parts.join('\\.')}${portRegex(port)}`;
}

/** The first `bits` of the octet are given. */
function octetRegex(octet: number, bits: number): string {
  if (bits === 0) return '\\d{1,3}';
  const span = 2 ** (8 - bits);
  const first = octet - (octet % span);
  const numbers = Array.from({ length: span }, (_, index) => first + index);
  return span === 1 ? String(first) : `(?:${numbers.join('|')})`;
}

function portRegex(port: number | undefined): string {
  if (port === undefined) return '(?::\\d+)?';
  return port === 80 ? '(?::80)?' : `:${port}`;
}

function bracketed(host: string): string {
  return host.includes(':') ? `[${host}]` : host;
}

function escaped(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
}
