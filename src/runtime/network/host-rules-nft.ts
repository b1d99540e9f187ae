// The mesh's one table on a host with nft: what leaves a sandbox for elsewhere gets the host's address, nobody but the
// host and the mesh itself opens connections to sandboxes, and those to load balancers go to their targets.
import { linkPrefix, loadBalancerRange } from './addresses.ts';
import { type BalancedPort, balancedTargets } from './load-balancer-rules.ts';

export function hostTable(meshId: string): string {
  return `sallyport_${meshId}`;
}

/** Input for `nft -f` on the host; replaces the table. */
export function renderHostNft(meshId: string, cidr: string, balanced: readonly BalancedPort[]): string {
  const table = hostTable(meshId);
  const range = loadBalancerRange(cidr);
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
  chain balance {
${balanceRules(balanced)
  .map((rule) => `    ${rule}\n`)
  .join('')}  }
  chain prerouting {
    type nat hook prerouting priority dstnat; policy accept;
    iifname ${links} ip daddr ${range} jump balance
  }
  chain output {
    type nat hook output priority -100; policy accept;
    ip daddr ${range} jump balance
  }
  chain input {
    type filter hook input priority filter; policy accept;
    ip daddr ${range} tcp flags & (fin | syn | rst | ack) == syn reject with tcp reset
  }
}
`;
}

/** Input for `nft -f` on a host that has the table. */
export function renderLoadBalancersNft(meshId: string, balanced: readonly BalancedPort[]): string {
  const chain = `ip ${hostTable(meshId)} balance`;
  return [`flush chain ${chain}`, ...balanceRules(balanced).map((rule) => `add rule ${chain} ${rule}`), ''].join('\n');
}

function balanceRules(balanced: readonly BalancedPort[]): readonly string[] {
  return balancedTargets(balanced).map(({ address, port, every, target }) => {
    const turn = every === undefined ? '' : ` numgen inc mod ${every} 0`;
    return `ip daddr ${address} tcp dport ${port}${turn} dnat to ${target}`;
  });
}

/** Input for `nft -f`; also right if there is no such table. */
export function renderHostNftRemoval(table: string): string {
  return `table ip ${table}\ndelete table ip ${table}\n`;
}
