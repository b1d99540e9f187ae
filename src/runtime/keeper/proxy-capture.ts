// Capture without rights: a pod's place is a handful of loopback addresses. Its program is told to use its Envoy as a proxy,
// and only what it sends there is governed. Programs and Envoys are plain processes of this user, known by their mark.

import type { DataFolder } from '../../platform/data-folder.ts';
import { createDnsServer } from '../dns/server.ts';
import { loadBalancerLoopback, loopbackAddresses } from '../loopback/addresses.ts';
import { claimBlock } from '../loopback/block-claim.ts';
import { createLoopbackLoadBalancers } from '../loopback/load-balancers.ts';
import type { KeeperConfig } from '../protocol.ts';
import type { Capture, Place, PlaceRequest } from './capture.ts';
import { answerDns } from './dns-port.ts';
import { plainCommand, plainExecPlan } from './plain-process.ts';
import { markedPids, podMark } from './pod-mark.ts';
import { bootId, killAll, signalGroup } from './process-id.ts';
import { runFiles } from './run-files.ts';

/** Not among those that the kernel gives out. */
const dnsPort = 15_053;
/** Envoy's outbound listener, as in Istio. */
const outboundPort = 15_001;

export interface ProxyCaptureOptions {
  readonly dataFolder: DataFolder;
  readonly envoyPath: string;
  readonly config: KeeperConfig;
  readonly signal: AbortSignal;
}

/** Takes a block of loopback addresses for the mesh. Throws SallyportError where there is none. */
export async function createProxyCapture(options: ProxyCaptureOptions): Promise<Capture> {
  const { dataFolder, envoyPath, config, signal } = options;
  const { id: meshId, keeperPath, runPath } = dataFolder;
  const claim = await claimBlock({ meshId, keeperPath, bootId: bootId(), signal });
  // No rule of the kernel sends stand-in addresses on here: DNS answers the target's own.
  const dns = createDnsServer({});
  const loadBalancers = createLoopbackLoadBalancers();
  const answering = new Map<number, { readonly hostname: string; readonly port: number }>();
  dns.setConfig(config);

  async function dnsPortOf({ pod, index, hostname, dnsPort: before }: PlaceRequest): Promise<number> {
    const { podIP, dnsIP } = loopbackAddresses(claim.block, index);
    const present = answering.get(index);
    if (present?.hostname === hostname) return present.port;
    if (present !== undefined) await dns.unlisten(dnsIP);
    const client = { namespace: pod.namespace, hostname, podIP, asks: 'proxy' } as const;
    const port = await answerDns(dns, { address: dnsIP, usual: dnsPort, before }, client);
    answering.set(index, { hostname, port });
    return port;
  }

  async function makePlace(request: PlaceRequest): Promise<Place> {
    const { index } = request;
    const { podIP, appIP, dnsIP } = loopbackAddresses(claim.block, index);
    const answer = { address: dnsIP, port: await dnsPortOf(request) };
    return {
      podIP,
      appIP,
      proxyIP: '127.0.0.1',
      dns: answer,
      dnsRelay: answer,
      proxyUid: process.getuid?.() ?? 0,
      xdsPath: runFiles(runPath, index).xdsPath,
      outboundProxy: { address: podIP, port: outboundPort },
    };
  }

  return {
    kind: 'proxy',
    makePlace,
    async removePlace(index) {
      await killAll(() => markedPids(meshId, index));
      if (answering.delete(index)) await dns.unlisten(loopbackAddresses(claim.block, index).dnsIP);
    },
    endStrays: (index, part) => killAll(() => markedPids(meshId, index, part)),
    setConfig: async (next) => dns.setConfig(next),
    setLoadBalancers: (all) =>
      loadBalancers.set(all.map(({ index, ports }) => ({ address: loadBalancerLoopback(claim.block, index), ports }))),
    appCommand: (index, spec) => plainCommand(spec, podMark(meshId, index, 'app')),
    envoyCommand: (index, workFolder, args) => ({
      argv: [envoyPath, ...args],
      env: podMark(meshId, index, 'proxy'),
      cwd: workFolder,
    }),
    endGently: (_index, program) => signalGroup(program, 'SIGTERM'),
    execPlan: (index, program, spec) => plainExecPlan(program, spec, podMark(meshId, index, 'app')),
    hostChanges: () => [],
    async close() {
      loadBalancers.close();
      await dns.close();
      await claim.release();
    },
  };
}
