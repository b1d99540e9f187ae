// What one policy more costs where there are 1,000, with 100 proxies: an EgressPolicy with a host of its own, which every proxy
// of the namespace hears of, since the host is closed to those that it does not choose; and an AuthorizationPolicy, which only
// those hear of that it is for. Each proxy alone in its group is the dearest that labels can make of it. Arguments: proxies,
// policies. Prints a table.
import type { KubeObject } from '../../src/api/object.ts';
import { benchPolicy, startBenchControlPlane } from '../control-plane.ts';
import { type PushLoadOptions, type PushResult, runPushLoad } from './push-load.ts';

const proxies = Number(process.argv[2] ?? 100);
const policies = Number(process.argv[3] ?? 1000);
const rounds = 7;

/** Of the workload with this number: proxies have one each, and policies go round them. */
const workload = (index: number) => ({ app: `w-${index % proxies}` });

interface Case extends Pick<PushLoadOptions, 'labels' | 'reaches' | 'expect'> {
  readonly what: string;
  readonly mode: 'ALLOW_ANY' | 'REGISTRY_ONLY';
  readonly policy: (name: string, index: number) => KubeObject;
}

function egressPolicy(name: string, from: readonly object[] | undefined): KubeObject {
  const spec = { hosts: [`${name}.example.com`], ...(from === undefined ? {} : { from }) };
  return { apiVersion: 'egress.sallyport.dev/v1alpha1', kind: 'EgressPolicy', metadata: metadata(name), spec };
}

function authorizationPolicy(name: string, labels: object | undefined): KubeObject {
  const rules = [{ from: [{ source: { principals: [`cluster.local/ns/default/sa/${name}`] } }] }];
  const spec = { action: 'DENY', rules, ...(labels === undefined ? {} : { selector: { matchLabels: labels } }) };
  return { apiVersion: 'security.istio.io/v1', kind: 'AuthorizationPolicy', metadata: metadata(name), spec };
}

function metadata(name: string): KubeObject['metadata'] {
  return { name, namespace: 'default' };
}

const virtualHost = (round: number) => ({ virtualHost: `80/added-${round}.example.com` });
const inbound = () => ({ listener: 'virtualInbound' });
const bySelector = (_: string, index: number) => [{ selector: { matchLabels: workload(index) } }];

const cases: readonly Case[] = [
  ...(['ALLOW_ANY', 'REGISTRY_ONLY'] as const).flatMap((mode): readonly Case[] => [
    {
      what: 'EgressPolicy for the namespace',
      mode,
      policy: (name) => egressPolicy(name, undefined),
      expect: virtualHost,
    },
    {
      what: 'EgressPolicy for one workload',
      mode,
      labels: workload,
      policy: (name, index) => egressPolicy(name, bySelector(name, index)),
      expect: virtualHost,
    },
  ]),
  {
    what: 'AuthorizationPolicy for one workload',
    mode: 'ALLOW_ANY',
    labels: workload,
    reaches: 1,
    policy: (name, index) => authorizationPolicy(name, workload(index)),
    expect: inbound,
  },
  {
    what: 'AuthorizationPolicy for the namespace',
    mode: 'ALLOW_ANY',
    policy: (name) => authorizationPolicy(name, undefined),
    expect: inbound,
  },
];

console.log(`policies: ${proxies} proxies, ${policies} policies of a kind, one more`);
for (const { what, mode, policy, ...load } of cases) {
  const controlPlane = await startBenchControlPlane();
  try {
    await controlPlane.apply([benchPolicy(mode)]);
    await controlPlane.apply(Array.from({ length: policies }, (_, index) => policy(`policy-${index}`, index)));
    const { connect, pushes } = await runPushLoad({
      address: controlPlane.xdsAddress,
      proxies,
      serverCpu: () => controlPlane.cpuMs(),
      change: (round) => controlPlane.apply([policy(`added-${round}`, round)]),
      rounds,
      ...load,
    });
    console.log(`  ${what}, ${mode}`);
    row('all connected', `${connect.lastMs.toFixed(0)} ms`);
    row('last proxy', `${middle(pushes, ({ lastMs }) => lastMs).toFixed(1)} ms`);
    row('CPU', `${middle(pushes, ({ serverCpuMs }) => serverCpuMs).toFixed(0)} ms`);
    row('bytes', `${(middle(pushes, ({ bytes }) => bytes) / 1e3).toFixed(0)} kB`);
    row('control plane memory', `${controlPlane.memoryMb().toFixed(0)} MB`);
  } finally {
    await controlPlane.stop();
  }
}

/** The median over the rounds. */
function middle(pushes: readonly PushResult[], value: (push: PushResult) => number): number {
  return pushes.map(value).sort((a, b) => a - b)[pushes.length >> 1] ?? Number.NaN;
}

function row(what: string, measured: string): void {
  console.log(`    ${what.padEnd(24)} ${measured.padStart(12)}`);
}
