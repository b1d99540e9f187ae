// An IP address or a CIDR range as ServiceEntries and the mesh's configuration write them.
import { isIP } from 'node:net';

export interface IpRange {
  readonly family: 4 | 6;
  readonly address: string;
  /** Length of the prefix; 32 or 128 for a single address. */
  readonly prefix: number;
  /** Whether it was written with a slash; `10.0.0.1/32` is a single address all the same. */
  readonly cidr: boolean;
}

/** Undefined for anything that is neither an address nor a range (a zone, a mask in dots, `10.0.0/8`). */
export function parseIpRange(text: string): IpRange | undefined {
  const slash = text.indexOf('/');
  const address = slash < 0 ? text : text.slice(0, slash);
  const version = address.includes('%') ? 0 : isIP(address);
  if (version !== 4 && version !== 6) return undefined;
  const bits = version === 4 ? 32 : 128;
  const family = version;
  if (slash < 0) return { family, address: canonicalAddress(address, family), prefix: bits, cidr: false };
  const digits = text.slice(slash + 1);
  const prefix = Number(digits);
  if (!/^\d{1,3}$/.test(digits) || prefix > bits) return undefined;
  return { family, address: canonicalAddress(address, family), prefix, cidr: true };
}

/** One text for one address without a zone: IPv6 has many. */
export function canonicalAddress(address: string, family: 4 | 6): string {
  return family === 4 ? address : new URL(`http://[${address}]`).hostname.slice(1, -1);
}

export function isSingleAddress(range: IpRange): boolean {
  return range.prefix === (range.family === 4 ? 32 : 128);
}
