// How many connections of one proxy are open to each destination and peer: what its process takes with it when it dies.
// They open under one counter key and close under another, since flags stand only at the end.
import { type CounterKey, isReporter } from '../../../xds/counter-key.ts';
import { hasFlag } from '../teller.ts';

export interface OpenGroup {
  readonly reporter: CounterKey['reporter'];
  readonly cluster: string;
  readonly peer: string;
  /** Empty if no VirtualService sent them. */
  readonly route: string;
  open: number;
  /** Closed by the death of their process, and not told yet. */
  died: number;
  changed: boolean;
}

export interface OpenConnections {
  opened(key: CounterKey, count: number): void;
  closed(key: CounterKey, count: number): void;
  /** The process is no more. */
  die(): void;
  readonly groups: ReadonlyMap<string, OpenGroup>;
  /** From a position. */
  restore(id: string, text: string): void;
  /** What has changed was told. */
  settle(): void;
}

const openFamily = 'open';

/** Whether a connection that ended so was never opened: its destination was not found, or did not answer. */
export function neverOpened({ reporter, flags, peer }: CounterKey): boolean {
  return (reporter !== 'destination' && peer === '') || hasFlag(flags, 'UF', 'UH', 'NC', 'UO', 'URX');
}

export function createOpenConnections(): OpenConnections {
  const groups = new Map<string, OpenGroup>();

  function change({ reporter, cluster, peer, route }: CounterKey, difference: number): void {
    const id = [openFamily, reporter, cluster, peer, ...(route === '' ? [] : [route])].join(';');
    const group = groups.get(id) ?? { reporter, cluster, peer, route, open: 0, died: 0, changed: true };
    groups.set(id, group);
    group.open += difference;
    group.changed = true;
  }

  return {
    groups,
    opened: change,
    closed(key, count) {
      if (!neverOpened(key)) change(key, -count);
    },
    die() {
      for (const group of groups.values()) {
        group.died += Math.max(0, group.open);
        group.open = 0;
        group.changed = true;
      }
    },
    restore(id, text) {
      const [, reporter = '', cluster, peer, route = ''] = id.split(';');
      const open = Number(text);
      if (cluster === undefined || peer === undefined || !Number.isInteger(open) || !isReporter(reporter)) return;
      groups.set(id, { reporter, cluster, peer, route, open, died: 0, changed: false });
    },
    settle() {
      for (const [id, group] of groups) {
        if (!group.changed) continue;
        group.changed = false;
        group.died = 0;
        if (group.open === 0) groups.delete(id);
      }
    },
  };
}
