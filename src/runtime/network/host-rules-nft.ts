// The mesh's one table on a host with nft: what leaves a sandbox for elsewhere gets the host's address, and
// nobody but the host and the mesh itself opens connections to sandboxes.
import { linkPrefix } from './addresses.ts';

export function hostTable(meshId: string): string {
  return `sallyport_${meshId}`;
}

/** Input for `nft -f` on the host; replaces the table. */
export function renderHostNft(meshId: string, cidr: string): string {
  const table = hostTable(meshId);
  const links = `"${linkPrefix(meshId)}*"`;
  return `${renderHostNftRemoval(table)}table ip ${table} {
  chain postrouting {
    type nat hook postrouting priority srcnat; policy accept;
    ip saddr ${cidr} ip daddr != ${cidr} masquerade
  }
  chain forward {
    type filter hook forward priority filter; policy accept;
    iifname ${links} accept
    oifname ${links} ct state established,related accept
    oifname ${links} reject with icmp type admin-prohibited
  }
}
`;
}

/** Input for `nft -f`; also right if there is no such table. */
export function renderHostNftRemoval(table: string): string {
  return `table ip ${table}\ndelete table ip ${table}\n`;
}
