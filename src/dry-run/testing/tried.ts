// A dry run on a mesh of manifests, without a store and a ledger.
import type { KubeObject } from '../../api/object.ts';
import type { SeenFlow } from '../../telemetry/seen-flow.ts';
import { createObjectWorld } from '../../verdict/object-world.ts';
import type { World } from '../../verdict/world.ts';
import { type Change, changedObjects } from '../change.ts';
import type { DryRun } from '../dry-run.ts';
import { replay } from '../replay.ts';
import { reportOf } from '../report.ts';

export const now = new Date(Date.UTC(2026, 0, 31, 12));
export const nothing: Change = { apply: [], remove: [] };

export function worldOf(objects: readonly KubeObject[], capture: 'redirect' | 'proxy' = 'redirect'): World {
  const how = capture === 'proxy' ? { kind: capture, portRules: [] } : { kind: capture };
  return createObjectWorld({ objects, capture: how, strict: true, clock: () => now.getTime() });
}

export function tried(
  objects: readonly KubeObject[],
  change: Partial<Change>,
  seen: readonly SeenFlow[],
  capture?: 'redirect' | 'proxy',
): DryRun {
  const changed = changedObjects(objects, { ...nothing, ...change }, now);
  return reportOf(replay(seen, worldOf(objects, capture), worldOf(changed, capture)), 0);
}

export function seenFlow(url: string, members: Partial<SeenFlow> = {}): SeenFlow {
  const [, protocol = '', host = '', port = ''] = /^(\w+):\/\/(.*):(\d+)$/.exec(url) ?? [];
  if (protocol !== 'http' && protocol !== 'grpc' && protocol !== 'tls' && protocol !== 'tcp') throw new Error(url);
  return {
    source: { namespace: 'default', workload: 'web' },
    destination: { kind: 'passthrough', host, port: Number(port) },
    via: [],
    protocol,
    requests: protocol === 'http' ? 2 : 0,
    connections: protocol === 'http' ? 0 : 3,
    firstSeen: '2026-01-31T10:00:00.000Z',
    lastSeen: '2026-01-31T11:00:00.000Z',
    ...members,
  };
}

/** `breaks default/web http://a.test:80 object` */
export function effectLines({ effects }: DryRun): readonly string[] {
  return effects.map(({ consequence, source, destination: { host, port }, protocol, changed, when }) =>
    [
      consequence,
      `${source.namespace}/${source.workload}`,
      `${protocol}://${host}:${port}`,
      changed.object,
      ...(when.length === 0 ? [] : [`if ${when.join(' and ')}`]),
    ].join(' '),
  );
}
