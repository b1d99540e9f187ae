// The mesh's rules on the host for iptables: chains of our own, and the few rules in the host's chains that lead
// to them. Beside nft only the last part is used, where a chain of the host (Docker's, ufw's) ends in a refusal
// that an accept in another table cannot lift.
import { linkPrefix, loadBalancerRange } from './addresses.ts';
import { runTool } from './command.ts';
import type { HostChange } from './host-journal.ts';
import { type BalancedPort, balancedTargets } from './load-balancer-rules.ts';

type IptablesChange = Extract<HostChange, { kind: 'iptables-rule' | 'iptables-chain' }>;

/** What the mesh adds when there is no nft: its chains, then the jumps into them. */
export function iptablesChanges(meshId: string, cidr: string): readonly IptablesChange[] {
  const { forward, postrouting, balance, refuse } = chainNames(meshId);
  const toBalancers = ['-d', loadBalancerRange(cidr)];
  return [
    { kind: 'iptables-chain', table: 'filter', chain: forward },
    { kind: 'iptables-chain', table: 'filter', chain: refuse },
    { kind: 'iptables-chain', table: 'nat', chain: postrouting },
    { kind: 'iptables-chain', table: 'nat', chain: balance },
    { kind: 'iptables-rule', table: 'filter', chain: 'FORWARD', rule: ['-j', forward] },
    { kind: 'iptables-rule', table: 'nat', chain: 'POSTROUTING', rule: ['-j', postrouting] },
    {
      kind: 'iptables-rule',
      table: 'nat',
      chain: 'PREROUTING',
      rule: ['-i', `${linkPrefix(meshId)}+`, ...toBalancers, '-j', balance],
    },
    { kind: 'iptables-rule', table: 'nat', chain: 'OUTPUT', rule: [...toBalancers, '-j', balance] },
    { kind: 'iptables-rule', table: 'filter', chain: 'INPUT', rule: [...toBalancers, '-j', refuse] },
  ];
}

/** Input for `iptables-restore --noflush`: fills our chains anew. */
export function renderHostIptables(meshId: string, cidr: string, balanced: readonly BalancedPort[]): string {
  const { forward, postrouting, refuse } = chainNames(meshId);
  const links = `${linkPrefix(meshId)}+`;
  return `*filter
:${forward} -
:${refuse} -
-A ${forward} -i ${links} -j ACCEPT
-A ${forward} -o ${links} -m conntrack --ctstate ESTABLISHED,RELATED -j ACCEPT
-A ${forward} -o ${links} -j REJECT --reject-with icmp-admin-prohibited
-A ${refuse} -p tcp --syn -j REJECT --reject-with tcp-reset
COMMIT
*nat
:${postrouting} -
-A ${postrouting} -s ${cidr} ! -d ${cidr} -j MASQUERADE
${balanceRules(meshId, balanced)}COMMIT
`;
}

/** Input for `iptables-restore --noflush` on a host that has the chain. */
export function renderLoadBalancersIptables(meshId: string, balanced: readonly BalancedPort[]): string {
  return `*nat\n${balanceRules(meshId, balanced)}COMMIT\n`;
}

function balanceRules(meshId: string, balanced: readonly BalancedPort[]): string {
  const { balance } = chainNames(meshId);
  const rules = balancedTargets(balanced).map(({ address, port, every, target }) => {
    const turn = every === undefined ? '' : ` -m statistic --mode nth --every ${every} --packet 0`;
    return `-A ${balance} -d ${address} -p tcp --dport ${port}${turn} -j DNAT --to-destination ${target}`;
  });
  return [`:${balance} -`, ...rules, ''].join('\n');
}

/** Accept rules for those of the host's chains that refuse by default. `listing` is `iptables -S`. */
export function acceptChanges(meshId: string, cidr: string, listing: string): readonly IptablesChange[] {
  const links = `${linkPrefix(meshId)}+`;
  const lines = listing.split('\n');
  const refuses = (chain: string) =>
    lines.some((line) => line === `-P ${chain} DROP` || new RegExp(`^-A ${chain} -j (DROP|REJECT)\\b`).test(line));
  const accept = (chain: string, ...match: readonly string[]): IptablesChange[] =>
    refuses(chain) ? [{ kind: 'iptables-rule', table: 'filter', chain, rule: [...match, '-j', 'ACCEPT'] }] : [];
  return [
    ...accept('FORWARD', '-i', links),
    ...accept('FORWARD', '-o', links, '-m', 'conntrack', '--ctstate', 'ESTABLISHED,RELATED'),
    // DNS for the sandboxes listens on the host's ends of their links.
    ...accept('INPUT', '-i', links, '-d', cidr),
  ];
}

/** Puts a rule first in its chain, or makes a chain, unless it is there. */
export async function applyIptablesChange(change: IptablesChange, signal?: AbortSignal): Promise<void> {
  if (await present(change, signal)) return;
  const args = change.kind === 'iptables-rule' ? ['-I', change.chain, ...change.rule] : ['-N', change.chain];
  await iptables(change.table, args, signal);
}

/** Takes back every copy of a rule, or a chain that nothing leads to any more. */
export async function undoIptablesChange(change: IptablesChange, signal?: AbortSignal): Promise<void> {
  while (await present(change, signal)) {
    if (change.kind === 'iptables-rule') await iptables(change.table, ['-D', change.chain, ...change.rule], signal);
    else {
      await iptables(change.table, ['-F', change.chain], signal);
      await iptables(change.table, ['-X', change.chain], signal);
    }
  }
}

function chainNames(meshId: string) {
  const chain = (name: string) => `SALLYPORT-${meshId}-${name}`;
  return { forward: chain('FWD'), postrouting: chain('POST'), balance: chain('LB'), refuse: chain('LBR') };
}

async function present(change: IptablesChange, signal?: AbortSignal): Promise<boolean> {
  const args = change.kind === 'iptables-rule' ? ['-C', change.chain, ...change.rule] : ['-S', change.chain];
  return iptables(change.table, args, signal).then(
    () => true,
    () => {
      signal?.throwIfAborted();
      return false;
    },
  );
}

function iptables(table: string, args: readonly string[], signal?: AbortSignal): Promise<string> {
  return runTool('iptables', ['-w', '5', '-t', table, ...args], { ...(signal && { signal }) });
}
