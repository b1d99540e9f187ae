// An address that somebody writes behind a Service. Kubernetes refuses those by which a caller would reach itself or its
// node, and so do we.
import { BlockList, isIPv6 } from 'node:net';
import { z } from 'zod';
import { problem } from '../finding.ts';
import { parseIpRange } from '../ip-range.ts';
import type { Finding } from '../kind.ts';
import { shorten } from '../schema-messages.ts';
import { checked } from '../schema-parts.ts';

type Ranges = readonly (readonly [string, number, 'ipv4' | 'ipv6'])[];

const refused: readonly (readonly [string, BlockList])[] = [
  [
    'unspecified',
    blockList([
      ['0.0.0.0', 8, 'ipv4'],
      ['::', 128, 'ipv6'],
    ]),
  ],
  [
    'in the loopback range',
    blockList([
      ['127.0.0.0', 8, 'ipv4'],
      ['::1', 128, 'ipv6'],
    ]),
  ],
  [
    'in the link-local range',
    blockList([
      ['169.254.0.0', 16, 'ipv4'],
      ['fe80::', 10, 'ipv6'],
    ]),
  ],
  [
    'in the multicast range',
    blockList([
      ['224.0.0.0', 4, 'ipv4'],
      ['ff00::', 8, 'ipv6'],
    ]),
  ],
];

export const givenAddress = checked(z.string(), checkGivenAddress);

export function* checkGivenAddress(text: string): Iterable<Finding> {
  const range = parseIpRange(text);
  if (range === undefined || range.cidr) {
    yield problem('SP0505', [], `${shorten(text)} is not a valid IP address`, 'write it like 192.0.2.1');
    return;
  }
  for (const [what, list] of refused) {
    if (!list.check(text, isIPv6(text) ? 'ipv6' : 'ipv4')) continue;
    yield problem('SP0505', [], `${text} is ${what}`, 'write the address of a server');
    return;
  }
}

function blockList(ranges: Ranges): BlockList {
  const list = new BlockList();
  for (const [address, prefix, family] of ranges) list.addSubnet(address, prefix, family);
  return list;
}
