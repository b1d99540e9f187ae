// One sandbox: the application's namespace, whose only link ends in the proxy's namespace, whose other link ends
// on the host. The proxy's namespace forwards nothing but what the mesh's operator lets go around (`bypass`), so
// all other roads out lead through Envoy.
// Invariant: sysctls and packet filter are in force before the first link exists; the host's route to the
// application is made last and says that the sandbox is complete.
import { existsSync, writeFileSync } from 'node:fs';
import { namespaceFile, type Sandbox, sandboxAt } from './addresses.ts';
import { runInNamespace, runTool } from './command.ts';
import type { MeshNetwork } from './host.ts';
import { type ProxyRules, setProxyRules } from './proxy-rules.ts';
import { removeSandbox } from './sandbox-removal.ts';

export interface SandboxOptions extends ProxyRules {
  readonly network: MeshNetwork;
  /** From 0; free to choose, one sandbox each. */
  readonly index: number;
  readonly signal?: AbortSignal;
}

const closed = {
  'net/ipv4/ip_forward': '0',
  'net/ipv4/ip_unprivileged_port_start': '0',
  'net/ipv6/conf/all/disable_ipv6': '1',
  'net/ipv6/conf/default/disable_ipv6': '1',
};
// ::1 leads nowhere, and programs that listen on `localhost` want it.
const appSettings = { ...closed, 'net/ipv6/conf/lo/disable_ipv6': '0' };
const proxySettings = {
  ...closed,
  'net/ipv4/conf/all/rp_filter': '1',
  'net/ipv4/conf/default/rp_filter': '1',
  'net/ipv4/conf/all/route_localnet': '0',
  'net/ipv4/conf/default/route_localnet': '0',
  'net/ipv4/conf/all/accept_source_route': '0',
  'net/ipv4/conf/all/accept_redirects': '0',
};

// A kernel without IPv6 lacks its settings and needs none.
const writePairs = `for pair; do
  file="/proc/sys/\${pair%%=*}"
  [ ! -e "$file" ] || printf %s "\${pair#*=}" > "$file" || exit 1
done`;

/** Makes a sandbox; where a complete one is there already, it stays and only gets its rules anew. */
export async function createSandbox(options: SandboxOptions): Promise<Sandbox> {
  const { network, index, signal } = options;
  const sandbox = sandboxAt(network.meshId, network.cidr, index);
  if (!(await isComplete(sandbox, signal))) {
    await removeSandbox(network.meshId, index, signal);
    await addNamespace(sandbox.appNamespace, appSettings, signal);
    await addNamespace(sandbox.proxyNamespace, proxySettings, signal);
    await setProxyRules(network.firewall, sandbox, options, signal);
    await addLinks(sandbox, signal);
  } else await setProxyRules(network.firewall, sandbox, options, signal);
  return sandbox;
}

async function isComplete(sandbox: Sandbox, signal?: AbortSignal): Promise<boolean> {
  const names = [sandbox.appNamespace, sandbox.proxyNamespace];
  if (!names.every((name) => existsSync(namespaceFile(name)))) return false;
  const routes = await runTool('ip', ['-4', 'route', 'show', appRange(sandbox)], { ...(signal && { signal }) });
  return routes.includes(`via ${sandbox.proxyIP} dev ${sandbox.hostLink}`);
}

async function addNamespace(
  name: string,
  settings: Readonly<Record<string, string>>,
  signal?: AbortSignal,
): Promise<void> {
  await runTool('ip', ['netns', 'add', name], { ...(signal && { signal }) });
  const pairs = Object.entries(settings).map(([key, value]) => `${key}=${value}`);
  await runInNamespace(namespaceFile(name), 'sh', ['-c', writePairs, 'sh', ...pairs], {
    ...(signal && { signal }),
  });
}

async function addLinks(sandbox: Sandbox, signal?: AbortSignal): Promise<void> {
  const { podIP, relayIP, proxyIP, hostIP, appNamespace, proxyNamespace, hostLink } = sandbox;
  await ip(undefined, [`link add ${hostLink} type veth peer name host netns ${proxyNamespace}`], signal);
  const ipv6Switch = `/proc/sys/net/ipv6/conf/${hostLink}/disable_ipv6`;
  if (existsSync(ipv6Switch)) writeFileSync(ipv6Switch, '1');
  const proxyCommands = [
    `link add app type veth peer name eth0 netns ${appNamespace}`,
    `address add ${relayIP}/30 dev app`,
    `address add ${proxyIP}/30 dev host`,
    'link set lo up',
    'link set app up',
    'link set host up',
    `route add default via ${hostIP}`,
  ];
  await ip(proxyNamespace, proxyCommands, signal);
  const appCommands = [
    `address add ${podIP}/30 dev eth0`,
    'link set lo up',
    'link set eth0 up',
    `route add default via ${relayIP}`,
  ];
  await ip(appNamespace, appCommands, signal);
  const hostCommands = [
    `address add ${hostIP}/30 dev ${hostLink}`,
    `link set ${hostLink} up`,
    `route add ${appRange(sandbox)} via ${proxyIP} dev ${hostLink}`,
  ];
  await ip(undefined, hostCommands, signal);
}

/** The /30 of the application's link, as routes name it. */
function appRange({ podIP }: Sandbox): string {
  const dot = podIP.lastIndexOf('.') + 1;
  return `${podIP.slice(0, dot)}${Number(podIP.slice(dot)) - 1}/30`;
}

/** `ip -batch`: stops at the first command that fails. */
async function ip(namespace: string | undefined, commands: readonly string[], signal?: AbortSignal): Promise<void> {
  const place = namespace === undefined ? [] : ['-n', namespace];
  await runTool('ip', [...place, '-batch', '-'], { input: `${commands.join('\n')}\n`, ...(signal && { signal }) });
}
