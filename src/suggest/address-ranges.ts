// Which addresses lie in ranges. A list for each family: Node's own takes every IPv4 address for one of ::/8, where the mapped
// ones are.
import { BlockList, isIPv6 } from 'node:net';
import { parseIpRange } from '../api/ip-range.ts';

/** What is no range is passed over. */
export function addressRanges(texts: readonly string[]): (address: string) => boolean {
  const lists = { ipv4: new BlockList(), ipv6: new BlockList() };
  for (const text of texts) {
    const range = parseIpRange(text);
    if (range === undefined) continue;
    const family = range.family === 4 ? 'ipv4' : 'ipv6';
    lists[family].addSubnet(range.address, range.prefix, family);
  }
  return (address) => {
    const family = isIPv6(address) ? 'ipv6' : 'ipv4';
    return lists[family].check(address, family);
  };
}
