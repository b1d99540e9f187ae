// An address that a connection is for, known or not. What is not known is an address outside: none of this host's, of private
// networks or of the mesh, and no single one that an object names; of ranges it is asked.
import { BlockList, isIP } from 'node:net';
import type { Questions } from '../questions.ts';

/** Envoy's CidrRange, of either package. */
export interface Range {
  readonly addressPrefix: string;
  readonly prefixLen?: number | undefined;
}

export interface Place {
  readonly subject: string;
  readonly address: string | undefined;
}

export function isInRange({ subject, address }: Place, range: Range, questions: Questions): boolean {
  const { addressPrefix, prefixLen: length = 0 } = range;
  if (address !== undefined) return isWithin(address, addressPrefix, length);
  if (length === 0) return !addressPrefix.includes(':');
  if (isIP(addressPrefix) !== 4 || length === 32 || isInside(addressPrefix)) return false;
  const text = `${addressPrefix}/${length}`;
  return questions.holds(`${subject} is in ${text}`, `${subject} is not in ${text}`);
}

/** Both of one family. */
export function isWithin(address: string, range: string, length: number): boolean {
  const family = isIP(address);
  if (family === 0 || family !== isIP(range)) return false;
  return listOf(range, length, family === 6 ? 'ipv6' : 'ipv4').check(address, family === 6 ? 'ipv6' : 'ipv4');
}

const lists = new Map<string, BlockList>();
const mostLists = 10_000;

function listOf(range: string, length: number, family: 'ipv4' | 'ipv6'): BlockList {
  const key = `${range}/${length}`;
  const known = lists.get(key);
  if (known !== undefined) return known;
  const list = new BlockList();
  list.addSubnet(range, length, family);
  if (lists.size >= mostLists) lists.clear();
  lists.set(key, list);
  return list;
}

const insideRanges = [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['224.0.0.0', 3],
] as const;

function isInside(address: string): boolean {
  return insideRanges.some(([range, length]) => isWithin(address, range, length));
}
