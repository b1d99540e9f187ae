// The one way a host is written: lower case, no trailing dot, IDN as A-labels, IPv6 without brackets and
// compressed. Validation, virtual hosts, SNI, reports and suggestions all compare hosts in this form.
// Invariant: normalizeHost(normalizeHost(x)) is normalizeHost(x).
import { isIP } from 'node:net';
import { domainToASCII } from 'node:url';
import { canonicalAddress } from './ip-range.ts';

// What a URL parser would cut off or decode: a host with such a character names something else than it shows.
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for
const notInHosts = /[\u0000-\u0020\u007f%/\\?#@:[\]<>^|`{}"]/;
const hostLabel = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/;

/**
 * The normal form of a DNS name, of a wildcard (`*.example.com`) or of an IP address; undefined for all else: a
 * bare `*`, a partial wildcard, labels over 63 or names over 253 characters, `127.1`, a port, an underscore.
 */
export function normalizeHost(text: string): string | undefined {
  if (text.startsWith('*.')) {
    const parent = normalizeHost(text.slice(2));
    return parent === undefined || parent.startsWith('*') || isIP(parent) !== 0 ? undefined : `*.${parent}`;
  }
  const bare = text.startsWith('[') && text.endsWith(']') ? text.slice(1, -1) : text;
  if (isIP(bare) === 6) return bare.includes('%') ? undefined : canonicalAddress(bare, 6);
  if (isIP(text) === 4) return text;
  return normalizeDnsName(text);
}

export function isWildcardHost(host: string): boolean {
  return host.startsWith('*.');
}

function normalizeDnsName(text: string): string | undefined {
  if (text.length > 1024 || notInHosts.test(text)) return undefined;
  const ascii = domainToASCII(text);
  const name = ascii.endsWith('.') ? ascii.slice(0, -1) : ascii;
  if (name === '' || name.length > 253) return undefined;
  const labels = name.split('.');
  if (!labels.every((part) => part.length <= 63 && hostLabel.test(part))) return undefined;
  // An all-numeric last label is read as an IPv4 address by resolvers (RFC 1123 2.1): 127.1 is 127.0.0.1.
  return /^(\d+|0x[\da-f]*)$/.test(labels.at(-1) ?? '') ? undefined : name;
}

/** `a.b.example.com` -> `*.b.example.com`, `*.example.com`, `*.com`. */
export function wildcardsAbove(host: string): readonly string[] {
  const labels = host.split('.');
  return labels.slice(1).map((_, index) => `*.${labels.slice(index + 1).join('.')}`);
}

/** Whether every name that `host` stands for is one that `pattern` stands for. */
export function isUnder(host: string, pattern: string): boolean {
  if (host === pattern || pattern === '*') return true;
  return pattern.startsWith('*.') && host !== '*' && host.endsWith(pattern.slice(1));
}
