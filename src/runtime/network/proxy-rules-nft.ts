// proxy-rules.ts for nft. One table, replaced whole.
import type { Sandbox } from './addresses.ts';
import type { PortRoute } from './port-routes.ts';
import { dnsRelayPort, inboundPort, outboundPort, type ProxyRules, refusedRanges } from './proxy-rules.ts';

/** Input for `nft -f` in the proxy's namespace, whose links are named `app` and `host`. */
export function renderProxyNft({ podIP, relayIP }: Sandbox, rules: ProxyRules): string {
  const { type, allowRanges, portRoutes, bypass } = rules;
  const inbound = type === 'sidecar' ? ` to :${inboundPort}` : '';
  const inboundMatch = type === 'sidecar' ? `tcp dport ${inboundPort}` : 'meta l4proto tcp';
  return `table ip sallyport
delete table ip sallyport
table ip sallyport {
  chain source {
    type filter hook prerouting priority raw; policy accept;
    iifname "app" ip saddr != ${podIP} drop
  }
  chain prerouting {
    type nat hook prerouting priority dstnat; policy accept;
    iifname "app" fib daddr type local accept
${past(bypass, (ranges) => `iifname "app" ip daddr ${ranges} meta l4proto tcp accept`)}    iifname "app" meta l4proto { tcp, udp } redirect to :${outboundPort}
    iifname "host" ip daddr ${podIP} meta l4proto tcp redirect${inbound}
  }
  chain input {
    type filter hook input priority filter; policy drop;
    ct state invalid drop
    ct state established,related accept
    iifname "lo" accept
    iifname "app" ct status dnat tcp dport ${outboundPort} accept
    iifname "app" ip daddr ${relayIP} meta l4proto { tcp, udp } th dport ${dnsRelayPort} accept
    iifname "host" ct status dnat ${inboundMatch} accept
    meta l4proto tcp reject with tcp reset
    reject with icmp type port-unreachable
  }
  chain forward {
    type filter hook forward priority filter; policy drop;
${past(bypass, (ranges) => `iifname "app" oifname "host" ip daddr ${ranges} meta l4proto tcp ct state new,established accept`)}    iifname "host" oifname "app" meta l4proto tcp ct state established accept
    iifname "host" oifname "app" meta l4proto icmp ct state related accept
    meta l4proto tcp reject with tcp reset
  }
  chain routes {
    type nat hook output priority -100; policy accept;
${portRoutes.map((route) => `    ${renderRoute(route)}\n`).join('')}  }
  chain output {
    type filter hook output priority filter; policy accept;
    ct state new oifname "lo" jump refuse
${allowRanges.map((range) => `    ct state new ip daddr ${range} accept\n`).join('')}${refusedRanges
  .map((range) => `    ct state new ip daddr ${range} jump refuse\n`)
  .join('')}  }
  chain refuse {
    meta l4proto tcp reject with tcp reset
    reject with icmp type admin-prohibited
  }
}
`;
}

function past(bypass: readonly string[], rule: (ranges: string) => string): string {
  return bypass.length === 0 ? '' : `    ${rule(`{ ${bypass.join(', ')} }`)}\n`;
}

function renderRoute({ address, port, target }: PortRoute): string {
  const match = port === undefined ? 'meta l4proto tcp' : `tcp dport ${port}`;
  return `ip daddr ${address} ${match} dnat to ${target.address}${target.port === undefined ? '' : `:${target.port}`}`;
}
