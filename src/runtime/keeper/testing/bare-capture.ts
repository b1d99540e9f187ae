// A capture that captures nothing: pods are plain processes of this user. For tests of what the keeper does with
// processes, without namespaces.
import type { Capture, Place } from '../capture.ts';
import { signalGroup } from '../process-id.ts';
import { runFiles } from '../run-files.ts';

export function bareCapture(runPath: string, envoyPath: string): Capture {
  const uid = process.getuid?.() ?? 0;
  const place = (index: number): Place => ({
    podIP: `127.9.0.${index + 1}`,
    appIP: `127.9.0.${index + 1}`,
    proxyIP: '127.0.0.1',
    dns: { address: '127.0.0.1', port: 0 },
    dnsRelay: { address: '127.0.0.1', port: 0 },
    proxyUid: uid,
    xdsPath: runFiles(runPath, index).xdsPath,
  });
  return {
    kind: 'proxy',
    makePlace: async ({ index }) => place(index),
    removePlace: async () => undefined,
    endStrays: async () => undefined,
    setConfig: async () => undefined,
    setLoadBalancers: async (all) => all.map(({ index }) => ({ address: `127.9.255.${index + 1}`, mappedPorts: [] })),
    appCommand: (_index, { command: [program = '', ...args], env, cwd }) => ({ argv: [program, ...args], env, cwd }),
    envoyCommand: (_index, cwd, args) => ({ argv: [envoyPath, ...args], env: {}, cwd }),
    endGently: (_index, program) => signalGroup(program, 'SIGTERM'),
    execPlan: (_index, _program, { env }) => ({ argv: ['env'], env }),
    hostChanges: () => [],
    close: async () => undefined,
  };
}
