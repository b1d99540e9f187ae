// One sandbox: the application's namespace, whose only link ends in the proxy's namespace, whose other link ends
// on the host. The proxy's namespace forwards nothing, so all roads out lead through Envoy.
// Invariant: sysctls and packet filter are in force before the first link exists; the host's route to the
// sandbox is made last and says that it is complete.
import { readdirSync, writeFileSync } from 'node:fs';
import { z } from 'zod';
import { systemCode } from '../../platform/errors.ts';
import { linkPrefix, namespaceFile, namespacePrefix, type Sandbox, sandboxAt } from './addresses.ts';
import { runInNamespace, runTool } from './command.ts';
import type { MeshNetwork } from './host.ts';
import { type ProxyRules, setProxyRules } from './proxy-rules.ts';

export interface SandboxOptions extends ProxyRules {
  readonly network: MeshNetwork;
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

/** Makes a sandbox, or takes over a complete one and only sets its rules anew. */
export async function createSandbox(options: SandboxOptions): Promise<Sandbox> {
  const { network, index, signal } = options;
  const sandbox = sandboxAt(network.meshId, network.cidr, index);
  if (await isComplete(sandbox, signal)) {
    await setProxyRules(network.firewall, sandbox, options, signal);
    return sandbox;
  }
  await removeSandbox(network.meshId, index, signal);
  await ip(['netns add', sandbox.appNamespace].join(' '), signal);
  await ip(['netns add', sandbox.proxyNamespace].join(' '), signal);
  await Promise.all([
    writeSettings(sandbox.appNamespace, appSettings, signal),
    writeSettings(sandbox.proxyNamespace, proxySettings, signal),
  ]);
  await setProxyRules(network.firewall, sandbox, options, signal);
  await link(sandbox, signal);
  return sandbox;
}

/** Removes namespaces, link and route; its processes must have ended. Nothing there is right too. */
export async function removeSandbox(meshId: string, index: number, signal?: AbortSignal): Promise<void> {
  const left = await leftovers(meshId, signal);
  await Promise.all([
    ...left.links.filter(({ owner }) => owner === index).map(({ name }) => ip(`link delete ${name}`, signal)),
    ...left.namespaces.filter(({ owner }) => owner === index).map(({ name }) => ip(`netns delete ${name}`, signal)),
  ]);
}

/** Indices of the sandboxes of which anything is left, ascending. */
export async function listSandboxes(meshId: string, signal?: AbortSignal): Promise<readonly number[]> {
  const { links, namespaces } = await leftovers(meshId, signal);
  return [...new Set([...links, ...namespaces].map(({ owner }) => owner))].sort((a, b) => a - b);
}

export async function removeAllSandboxes(meshId: string, signal?: AbortSignal): Promise<void> {
  for (const index of await listSandboxes(meshId, signal)) await removeSandbox(meshId, index, signal);
}

/** The host's pids of processes that are in one of the sandbox's network namespaces. */
export async function sandboxPids(sandbox: Sandbox, signal?: AbortSignal): Promise<readonly number[]> {
  const names = [sandbox.appNamespace, sandbox.proxyNamespace].filter((name) => namespaceNames().includes(name));
  const lists = await Promise.all(names.map((name) => ip(`netns pids ${name}`, signal)));
  return lists.flatMap((text) => text.split('\n').filter(Boolean).map(Number));
}

async function link(sandbox: Sandbox, signal?: AbortSignal): Promise<void> {
  const { podIP, relayIP, proxyIP, hostIP, appNamespace, proxyNamespace, hostLink } = sandbox;
  await ip(`link add ${hostLink} type veth peer name host netns ${proxyNamespace}`, signal);
  forbidIPv6(hostLink);
  await batch(
    ['-n', proxyNamespace],
    [
      `link add app type veth peer name eth0 netns ${appNamespace}`,
      `address add ${relayIP}/30 dev app`,
      `address add ${proxyIP}/30 dev host`,
      'link set lo up',
      'link set app up',
      'link set host up',
      `route add default via ${hostIP}`,
    ],
    signal,
  ).catch((error: unknown) => {
    throw error;
  });
  await batch(
    ['-n', appNamespace],
    [
      `address add ${podIP}/30 dev eth0`,
      'link set lo up',
      'link set eth0 up',
      `route add default via ${relayIP}`,
    ],
    signal,
  );
  await batch(
    [],
    [
      `address add ${hostIP}/30 dev ${hostLink}`,
      `link set ${hostLink} up`,
      `route add ${podRange(sandbox)} via ${proxyIP} dev ${hostLink}`,
    ],
    signal,
  );
}
