// proxy-rules.ts for machines that have only iptables. The namespace is ours alone: its tables are replaced whole.
import type { Sandbox } from './addresses.ts';
import type { PortRoute } from './port-routes.ts';
import { dnsRelayPort, inboundPort, outboundPort, type ProxyRules, refusedRanges } from './proxy-rules.ts';

/** Input for `iptables-restore` in the proxy's namespace, whose links are named `app` and `host`. */
export function renderProxyIptables({ podIP, relayIP }: Sandbox, rules: ProxyRules): string {
  const sidecar = rules.type === 'sidecar';
  const past = (...each: readonly ((range: string) => string)[]) =>
    rules.bypass.flatMap((range) => each.map((rule) => `${rule(range)}\n`)).join('');
  const fresh = '-m conntrack --ctstate NEW';
  return `*raw
:PREROUTING ACCEPT
:OUTPUT ACCEPT
-A PREROUTING -i app ! -s ${podIP} -j DROP
COMMIT
*nat
:PREROUTING ACCEPT
:INPUT ACCEPT
:OUTPUT ACCEPT
:POSTROUTING ACCEPT
-A PREROUTING -i app -m addrtype --dst-type LOCAL -j ACCEPT
${past((range) => `-A PREROUTING -i app -d ${range} -p tcp -j ACCEPT`)}-A PREROUTING -i app -p tcp -j REDIRECT --to-ports ${outboundPort}
-A PREROUTING -i app -p udp -j REDIRECT --to-ports ${outboundPort}
-A PREROUTING -i host -d ${podIP} -p tcp -j REDIRECT${sidecar ? ` --to-ports ${inboundPort}` : ''}
${rules.portRoutes.map((route) => `${renderRoute(route)}\n`).join('')}COMMIT
*filter
:INPUT DROP
:FORWARD DROP
:OUTPUT ACCEPT
:REFUSE -
-A INPUT -m conntrack --ctstate INVALID -j DROP
-A INPUT -m conntrack --ctstate ESTABLISHED,RELATED -j ACCEPT
-A INPUT -i lo -j ACCEPT
-A INPUT -i app -p tcp --dport ${outboundPort} -m conntrack --ctstate DNAT -j ACCEPT
-A INPUT -i app -d ${relayIP} -p tcp --dport ${dnsRelayPort} -j ACCEPT
-A INPUT -i app -d ${relayIP} -p udp --dport ${dnsRelayPort} -j ACCEPT
-A INPUT -i host -p tcp${sidecar ? ` --dport ${inboundPort}` : ''} -m conntrack --ctstate DNAT -j ACCEPT
-A INPUT -p tcp -j REJECT --reject-with tcp-reset
-A INPUT -j REJECT --reject-with icmp-port-unreachable
${past(
  (range) => `-A FORWARD -i app -o host -d ${range} -p tcp -m conntrack --ctstate NEW,ESTABLISHED -j ACCEPT`,
)}-A FORWARD -i host -o app -p tcp -m conntrack --ctstate ESTABLISHED -j ACCEPT
-A FORWARD -i host -o app -p icmp -m conntrack --ctstate RELATED -j ACCEPT
-A FORWARD -p tcp -j REJECT --reject-with tcp-reset
-A OUTPUT -o lo ${fresh} -j REFUSE
${rules.allowRanges.map((range) => `-A OUTPUT -d ${range} ${fresh} -j ACCEPT\n`).join('')}${refusedRanges
  .map((range) => `-A OUTPUT -d ${range} ${fresh} -j REFUSE\n`)
  .join('')}-A REFUSE -p tcp -j REJECT --reject-with tcp-reset
-A REFUSE -j REJECT --reject-with icmp-admin-prohibited
COMMIT
`;
}

function renderRoute({ address, port, target }: PortRoute): string {
  const match = port === undefined ? '' : ` --dport ${port}`;
  const destination = `${target.address}${target.port === undefined ? '' : `:${target.port}`}`;
  return `-A OUTPUT -d ${address} -p tcp${match} -j DNAT --to-destination ${destination}`;
}
