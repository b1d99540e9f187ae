// Whether redirect capture works here, found out by doing it: a namespace made by `ip netns`, a veth pair and a
// redirect rule, all in namespaces of a throw-away process, so that nothing is left whatever happens. The other tools are
// asked for the options that they are used with, which small systems' versions of them lack.
import { messageOf, SallyportError } from '../../platform/errors.ts';
import { findTool, runTool } from '../network/command.ts';
import { type Firewall, findFirewall } from '../network/firewall.ts';

/** What redirect capture runs, and the packages that have it. */
export const captureTools: readonly { readonly tool: string; readonly from: string }[] = [
  { tool: 'ip', from: 'iproute2' },
  { tool: 'nsenter', from: 'util-linux' },
  { tool: 'setpriv', from: 'util-linux' },
  { tool: 'unshare', from: 'util-linux' },
  { tool: 'mount', from: 'mount' },
  { tool: 'timeout', from: 'coreutils' },
  { tool: 'env', from: 'coreutils' },
];

/** `redirect`, or why it is not possible in one sentence. */
export type RedirectTrial =
  | { readonly possible: true; readonly firewall: Firewall }
  | { readonly possible: false; readonly why: string };

const rules: Readonly<Record<Firewall, string>> = {
  nft: `nft -f - <<'RULES'
table ip trial {
  chain nat { type nat hook prerouting priority dstnat; meta l4proto tcp redirect to :15001; }
  chain out { type filter hook output priority 0; policy drop; }
}
RULES`,
  iptables: 'iptables -t nat -A PREROUTING -p tcp -j REDIRECT --to-ports 15001',
};

function script(firewall: Firewall): string {
  return `set -e
mount -t tmpfs tmpfs /run
ip netns add trial
ip link add trial0 type veth peer name trial1 netns trial
echo 0 > /proc/sys/net/ipv4/ip_unprivileged_port_start
${rules[firewall]}
unshare --mount --propagation slave --uts --pid --fork --kill-child -- true
setpriv --reuid 0 --regid 0 --clear-groups --bounding-set -all --inh-caps -all --ambient-caps -all --no-new-privs \\
  --pdeathsig KILL -- true
timeout --foreground 0 true
env -i --default-signal --chdir=/ -- true
nsenter --target $$ --net --mount --uts --pid --no-fork -- true
`;
}

/** Takes about 50 ms. */
export async function tryRedirect(signal?: AbortSignal): Promise<RedirectTrial> {
  if (process.platform !== 'linux') return { possible: false, why: 'it needs Linux' };
  if (process.getuid?.() !== 0) return { possible: false, why: 'it needs root' };
  const missing = captureTools.filter(({ tool }) => findTool(tool) === undefined).map(({ tool }) => tool);
  if (missing.length > 0) return { possible: false, why: `this machine has no ${missing.join(', ')}` };
  try {
    const firewall = await findFirewall(signal);
    const args = ['--net', '--mount', '--', 'sh'];
    await runTool('unshare', args, { input: script(firewall), ...(signal && { signal }) });
    return { possible: true, firewall };
  } catch (error) {
    signal?.throwIfAborted();
    if (error instanceof SallyportError) return { possible: false, why: messageOf(error) };
    throw error;
  }
}
