// Every command by name; its file is imported only when it is called.
import type { CommandEntry } from './cli.ts';

export const commandList: readonly CommandEntry[] = [
  {
    name: 'demo',
    summary: 'everything at once: mesh, application, internet, load',
    load: () => import('./commands/demo.ts'),
  },
  { name: 'up', summary: 'start the mesh on this machine', load: () => import('./commands/up.ts') },
  { name: 'down', summary: 'take it down, with all it changed on the host', load: () => import('./commands/down.ts') },
  { name: 'run', summary: 'run a program as a workload of the mesh', load: () => import('./commands/run.ts') },
  { name: 'apply', summary: 'create or change objects from files', load: () => import('./commands/apply.ts') },
  { name: 'delete', summary: 'delete objects', load: () => import('./commands/delete.ts') },
  { name: 'get', summary: 'show objects', load: () => import('./commands/get.ts') },
  { name: 'describe', summary: 'show one object in full', load: () => import('./commands/describe.ts') },
  { name: 'patch', summary: 'change fields of an object', load: () => import('./commands/patch.ts') },
  { name: 'set', summary: 'change the environment of Deployments', load: () => import('./commands/set.ts') },
  { name: 'scale', summary: 'change the number of pods of a Deployment', load: () => import('./commands/scale.ts') },
  { name: 'rollout', summary: 'follow or restart a Deployment', load: () => import('./commands/rollout.ts') },
  { name: 'analyze', summary: 'find mistakes in files or in the mesh', load: () => import('./commands/analyze.ts') },
  {
    name: 'dry-run',
    summary: 'what a change would break or open, by the traffic on record',
    load: () => import('./commands/dry-run.ts'),
  },
  {
    name: 'upkeep',
    summary: 'unused hosts, entries that count nowhere, workloads without a proxy',
    load: () => import('./commands/upkeep.ts'),
  },
  {
    name: 'test',
    summary: 'hold what EgressTests expect against files or the mesh, for CI',
    load: () => import('./commands/test.ts'),
  },
  { name: 'istio', summary: 'settings of the whole mesh', load: () => import('./commands/istio.ts') },
  {
    name: 'proxy-status',
    aliases: ['ps'],
    summary: 'whether proxies have their configuration',
    load: () => import('./commands/proxy-status.ts'),
  },
  {
    name: 'proxy-config',
    aliases: ['pc'],
    summary: 'the configuration a proxy has',
    load: () => import('./commands/proxy-config.ts'),
  },
  {
    name: 'ca',
    summary: 'who signs the certificates of workloads; replace the root',
    load: () => import('./commands/ca.ts'),
  },
  {
    name: 'check',
    summary: 'would this leave, by which way, and what would let it out',
    load: () => import('./commands/check.ts'),
  },
  { name: 'traffic', summary: 'who talks to what, and how it ended', load: () => import('./commands/traffic.ts') },
  {
    name: 'alerts',
    summary: 'what in the traffic to look at: new hosts, blocked calls, bare addresses, bytes out',
    load: () => import('./commands/alerts.ts'),
  },
  {
    name: 'suggest',
    summary: 'objects that let through what left unregistered',
    load: () => import('./commands/suggest.ts'),
  },
  {
    name: 'logs',
    summary: 'output of a workload or of its proxy, or what was blocked',
    load: () => import('./commands/logs.ts'),
  },
  { name: 'exec', summary: 'run a command inside a workload', load: () => import('./commands/exec.ts') },
  {
    name: 'doctor',
    summary: 'what this machine has and lacks, and what goes around the proxies',
    load: () => import('./commands/doctor.ts'),
  },
  { name: 'dashboard', summary: "open the mesh's page", load: () => import('./commands/dashboard.ts') },
  {
    name: 'install',
    summary: 'bring everything up; the demo too, if asked',
    load: () => import('./commands/install.ts'),
  },
  { name: 'uninstall', summary: 'take everything down', load: () => import('./commands/uninstall.ts') },
  { name: 'version', summary: 'versions of program and mesh', load: () => import('./commands/version.ts') },
  { name: 'serve', summary: 'the control plane', background: true, load: () => import('./commands/serve.ts') },
];
