// The packet filter of one proxy's namespace, as data. What it promises, whatever the application does:
//  - TCP from the application arrives at Envoy's port 15001 with its original destination, or nowhere;
//  - DNS at the relay's address is the only other thing that the application reaches, but for TCP to the ranges that the
//    mesh's operator lets go around: those alone are forwarded;
//  - TCP to the pod's address arrives at port 15006 (sidecar) or at its own port (router);
//  - Envoy never reaches its own loopback, nor the ranges below unless they are allowed.
// Istio: the application's own namespace is redirected and the proxy's uid is exempt; here: nobody is exempt.
import { isIPv4 } from 'node:net';
import { SallyportError } from '../../platform/errors.ts';
import type { Sandbox } from './addresses.ts';
import { namespaceFile } from './addresses.ts';
import { runInNamespace } from './command.ts';
import type { Firewall } from './firewall.ts';
import type { PortRoute } from './port-routes.ts';
import { renderProxyIptables } from './proxy-rules-iptables.ts';
import { renderProxyNft } from './proxy-rules-nft.ts';

export const outboundPort = 15001;
export const inboundPort = 15006;
export const dnsRelayPort = 53;

/** "This host" and loopback, link-local (cloud metadata), multicast, reserved and broadcast. */
export const refusedRanges = ['0.0.0.0/8', '127.0.0.0/8', '169.254.0.0/16', '224.0.0.0/3'] as const;

export interface ProxyRules {
  /** `sidecar`: TCP to the pod's address goes to port 15006. `router`: to the port it was sent to. */
  readonly type: 'sidecar' | 'router';
  /** CIDRs that Envoy may reach although they are refused above, e.g. `169.254.169.254/32`. Never its own loopback. */
  readonly allowRanges: readonly string[];
  readonly portRoutes: readonly PortRoute[];
  /** CIDRs whose TCP goes past Envoy, straight from the application (bypassed-ranges.ts). */
  readonly bypass: readonly string[];
}

/** Replaces the rules of a sandbox's proxy namespace in one transaction; open connections stay. */
export async function setProxyRules(
  firewall: Firewall,
  sandbox: Sandbox,
  rules: ProxyRules,
  signal?: AbortSignal,
): Promise<void> {
  const namespace = namespaceFile(sandbox.proxyNamespace);
  const checked = { ...rules, allowRanges: rules.allowRanges.filter(isIPv4Range) };
  if (firewall === 'nft') {
    const input = renderProxyNft(sandbox, checked);
    await runInNamespace(namespace, 'nft', ['-f', '-'], { input, ...(signal && { signal }) });
  } else {
    const input = renderProxyIptables(sandbox, checked);
    await runInNamespace(namespace, 'iptables-restore', [], { input, ...(signal && { signal }) });
  }
  if (checked.bypass.length > 0) await switchForwardingOn(namespace, signal);
}

/**
 * After the rules, which say what is forwarded. It stays on when nothing is any more: so that connections that went around
 * are reset by the rules, where the kernel would drop their packets without a word. For the same reason answers still pass:
 * a program that only waits is reset when it acknowledges one.
 */
async function switchForwardingOn(namespace: string, signal?: AbortSignal): Promise<void> {
  const command = 'echo 1 > /proc/sys/net/ipv4/ip_forward';
  await runInNamespace(namespace, 'sh', ['-c', command], { ...(signal && { signal }) });
}

/** False for IPv6, which has no road here anyway. Throws for what is no range at all. */
function isIPv4Range(range: string): boolean {
  const [address = '', length = '32', ...rest] = range.split('/');
  if (address.includes(':')) return false;
  if (rest.length === 0 && isIPv4(address) && /^\d+$/.test(length) && Number(length) <= 32) return true;
  throw new SallyportError('SP_BAD_RANGE', `'${range}' is not an address range`);
}
