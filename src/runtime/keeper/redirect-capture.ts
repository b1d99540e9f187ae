// Capture by network namespaces: a pod's place is a sandbox, its DNS answers at the host's end of the sandbox's link.
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import type { DataFolder } from '../../platform/data-folder.ts';
import { hostSearchDomains, renderResolvConf } from '../dns/resolv-conf.ts';
import { createDnsServer } from '../dns/server.ts';
import { appCommand } from '../launch/app-command.ts';
import { envoyCommand } from '../launch/envoy-command.ts';
import { execPlan } from '../launch/exec-plan.ts';
import { signalProgram } from '../launch/program.ts';
import { type Sandbox, sandboxAt } from '../network/addresses.ts';
import { bypassedRanges } from '../network/bypassed-ranges.ts';
import { runTool } from '../network/command.ts';
import { hostChanges, prepareHost } from '../network/host.ts';
import { hostJournalFile } from '../network/host-journal.ts';
import { balancedPorts, createHostLoadBalancers, type LoadBalancer } from '../network/load-balancers.ts';
import { portRoutes } from '../network/port-routes.ts';
import { dnsRelayPort, type ProxyRules, setProxyRules } from '../network/proxy-rules.ts';
import { createSandbox } from '../network/sandbox.ts';
import { removeSandbox, sandboxPids } from '../network/sandbox-removal.ts';
import type { CapturedRanges, KeeperConfig } from '../protocol.ts';
import type { Capture, Place, PlaceRequest } from './capture.ts';
import { answerDns } from './dns-port.ts';
import { killAll } from './process-id.ts';
import { proxyUid, runFiles } from './run-files.ts';

const usualDnsPort = 53;
/** Istio's port for it. */
const usualProgramDnsPort = 15_053;

export interface RedirectOptions {
  readonly dataFolder: DataFolder;
  readonly envoyPath: string;
  readonly config: KeeperConfig;
  /** Of an earlier keeper. */
  readonly loadBalancers: readonly LoadBalancer[];
  readonly signal: AbortSignal;
}

/** Makes the host ready. Throws SallyportError if this machine or its user cannot. */
export async function createRedirectCapture(options: RedirectOptions): Promise<Capture> {
  const { dataFolder, envoyPath, signal } = options;
  const { id: meshId, runPath } = dataFolder;
  const journalFile = hostJournalFile(runPath);
  const balanced = (cidr: string) => balancedPorts(cidr, options.loadBalancers);
  const network = await prepareHost({ meshId, journalFile, balanced, signal });
  const loadBalancers = createHostLoadBalancers(network, journalFile, signal);
  const dns = createDnsServer({ cidr: network.cidr });
  const hiddenPaths = [dataFolder.path, dirname(runPath)];
  const requests = new Map<number, PlaceRequest>();
  const answering = new Map<number, Answering>();
  let reach = reachOf(network.cidr, options.config);
  /** What every sandbox has for certain. */
  let inForce = reach;
  let setting: Promise<void> = Promise.resolve();
  dns.setConfig(options.config);

  const sandbox = (index: number): Sandbox => sandboxAt(meshId, network.cidr, index);
  const rules = ({ type, allowRanges = [], capturedRanges }: PlaceRequest): ProxyRules => ({
    type: type === 'router' ? 'router' : 'sidecar',
    allowRanges,
    portRoutes: reach.portRoutes,
    bypass:
      type === 'router'
        ? []
        : bypassedRanges(network.cidr, { ...reach.captured, ...(reach.podsMayBypass && capturedRanges) }),
  });
  const setRules = (request: PlaceRequest) =>
    setProxyRules(network.firewall, sandbox(request.index), rules(request), signal);

  /** One after the other; one that failed is tried by the next, so that nothing stays open that was closed. */
  async function setReach(): Promise<void> {
    const wanted = reach;
    if (wanted === inForce) return;
    const all = [...requests.values()];
    const results = await Promise.allSettled(all.map(setRules));
    // A sandbox that was removed meanwhile wants none.
    const failed = results.find(({ status }, index) => status === 'rejected' && requests.has(all[index]?.index ?? -1));
    if (failed?.status === 'rejected') throw failed.reason;
    inForce = wanted;
  }

  async function dnsPortsOf(request: PlaceRequest): Promise<Answering> {
    const { pod, index, hostname } = request;
    const present = answering.get(index);
    if (present?.hostname === hostname) return present;
    const { hostIP, podIP } = sandbox(index);
    // Also where an earlier try got no further than the first of the two.
    await dns.unlisten(hostIP);
    const client = { namespace: pod.namespace, hostname, podIP };
    const at = (usual: number, before: number) => ({ address: hostIP, usual, before });
    const dnsPort = await answerDns(dns, at(usualDnsPort, request.dnsPort), { ...client, asks: 'proxy' });
    const programDnsPort = await answerDns(dns, at(usualProgramDnsPort, request.programDnsPort), {
      ...client,
      asks: 'program',
    });
    const ports = { hostname, dnsPort, programDnsPort };
    answering.set(index, ports);
    return ports;
  }

  async function makePlace(request: PlaceRequest): Promise<Place> {
    const { pod, index } = request;
    const made = reach;
    const { podIP, relayIP, proxyIP, hostIP } = await createSandbox({ ...rules(request), network, index, signal });
    const { dnsPort, programDnsPort } = await dnsPortsOf(request);
    requests.set(index, request);
    if (made !== reach) await setRules(request);
    const files = runFiles(runPath, index);
    mkdirSync(dirname(files.resolvConf), { recursive: true, mode: 0o755 });
    writeFileSync(files.resolvConf, renderResolvConf(relayIP, pod.namespace, hostSearchDomains()), { mode: 0o644 });
    return {
      podIP,
      appIP: podIP,
      proxyIP,
      dns: { address: hostIP, port: dnsPort },
      programDns: { address: hostIP, port: programDnsPort },
      dnsRelay: { address: relayIP, port: dnsRelayPort },
      proxyUid: proxyUid(index),
      xdsPath: files.xdsPath,
    };
  }

  return {
    kind: 'redirect',
    makePlace,
    async removePlace(index) {
      await endSandboxProcesses(sandbox(index));
      requests.delete(index);
      answering.delete(index);
      await dns.unlisten(sandbox(index).hostIP);
      await removeSandbox(meshId, index);
    },
    async endStrays(index, part) {
      const { appNamespace, proxyNamespace } = sandbox(index);
      await killAll(() => namespacePids(part === 'app' ? appNamespace : proxyNamespace));
    },
    async setConfig(config) {
      dns.setConfig(config);
      const next = reachOf(network.cidr, config);
      if (JSON.stringify(next) !== JSON.stringify(reach)) reach = next;
      setting = setting.catch(() => undefined).then(setReach);
      await setting;
    },
    setLoadBalancers: (all) => loadBalancers.set(all),
    appCommand: (index, spec) => ({
      ...appCommand({ sandbox: sandbox(index), spec, hiddenPaths, resolvConf: runFiles(runPath, index).resolvConf }),
      cwd: '/',
    }),
    envoyCommand: (index, workFolder, args) => ({
      ...envoyCommand({
        sandbox: sandbox(index),
        envoyPath,
        args,
        proxyUid: proxyUid(index),
        xdsPath: runFiles(runPath, index).xdsPath,
        workFolder,
        hiddenPaths,
      }),
      cwd: '/',
    }),
    endGently: (_index, { pid }) => signalProgram(pid, 'SIGTERM'),
    execPlan: (_index, { pid }, spec) => execPlan(pid, spec),
    hostChanges: () => hostChanges(journalFile),
    close: () => dns.close(),
  };
}

/** Where a sandbox's DNS is answered, and as whose. */
interface Answering {
  readonly hostname: string;
  readonly dnsPort: number;
  readonly programDnsPort: number;
}

/** What the rules of all sandboxes are made from. */
interface Reach {
  readonly portRoutes: ProxyRules['portRoutes'];
  readonly captured: CapturedRanges;
  readonly podsMayBypass: boolean;
}

function reachOf(cidr: string, { resolve, capturedRanges, podsMayBypass }: KeeperConfig): Reach {
  return {
    portRoutes: portRoutes(cidr, resolve),
    captured: capturedRanges ?? { exclude: [] },
    podsMayBypass: podsMayBypass === true,
  };
}

/** Ends with SIGKILL whatever runs in a sandbox, in either namespace. */
export async function endSandboxProcesses(sandbox: Sandbox): Promise<void> {
  await killAll(() => sandboxPids(sandbox));
}

async function namespacePids(name: string): Promise<readonly number[]> {
  return (await runTool('ip', ['netns', 'pids', name])).split('\n').filter(Boolean).map(Number);
}
