// Takes in what proxies tell, and makes batches for the ledger: their running totals (pushed to us once a second) and
// their record files (read on from where the ledger says). Twice a second what is new is committed.
// Invariant: what a commit did not take is told again in the next pass, and until then nothing more is read.
import type { ProxyIdentity } from '../../discovery/view.ts';
import type { Logger } from '../../platform/log.ts';
import type { Ledger } from '../ledger.ts';
import { addDropped, emptyBatch, isEmpty } from './batch-parts.ts';
import { type Caller, callerName, callerOf } from './caller.ts';
import { createMeanings } from './meanings.ts';
import { createPasses } from './passes.ts';
import { type KeptProxy, readPositions } from './positions.ts';
import { createProxyIntake, type ProxyIntake } from './proxy-intake.ts';
import type { Registry } from './registry.ts';
import { createTroubles } from './troubles.ts';

/** A proxy of which records are kept: where its Envoy appends them. */
export interface RecordedProxy {
  readonly identity: ProxyIdentity;
  /** `<file>.1`, `<file>.2`, … are older ones, the highest the oldest; rotated by renaming. */
  readonly recordsFile: string;
}

export interface IntakeOptions {
  readonly ledger: Ledger;
  readonly registry: Registry;
  /** Proxies that are there now, asked for at each pass. */
  readonly proxies: () => readonly RecordedProxy[];
  readonly log: Logger;
  /** Milliseconds since 1970; the machine's if absent. */
  readonly clock?: () => number;
  /** Between passes; 500 if absent. */
  readonly intervalMs?: number;
}

export interface Intake {
  /** An ExportMetricsServiceRequest of this proxy, without gRPC's frame. Bytes of a stranger: bad ones are counted. */
  takeExport(identity: ProxyIdentity, bytes: Uint8Array): void;
  /** A pass now; resolves when it is committed, or was refused and logged. Passes never overlap. */
  pass(): Promise<void>;
  /** After a last pass. */
  close(): Promise<void>;
}

/** In one pass: of one proxy, so that it does not keep the others waiting, and of all, which is what a batch may hold. */
const bytesOfProxy = 1024 * 1024;
const bytesOfPass = 4 * 1024 * 1024;
const chunkBytes = 256 * 1024;
const sweepMs = 60_000;

export function createIntake(options: IntakeOptions): Intake {
  const { ledger, registry, log, clock = Date.now, intervalMs = 500 } = options;
  const meanings = createMeanings(registry);
  const troubles = createTroubles(log);
  const chunk = Buffer.alloc(chunkBytes);
  const proxies = new Map<string, ProxyIntake>();
  for (const [name, kept] of readPositions(ledger.positions())) open(name, kept.head.caller, kept);
  let unreadableExports = 0;
  let turn = 0;
  let sweptAt = clock();

  function open(name: string, caller: Caller, kept?: KeptProxy): ProxyIntake {
    const base = { name, caller, registry, meanings, chunk, log, now: clock() };
    const made = createProxyIntake(kept === undefined ? base : { ...base, kept });
    proxies.set(name, made);
    return made;
  }

  function find(identity: ProxyIdentity): ProxyIntake {
    const name = callerName(identity);
    return proxies.get(name) ?? open(name, callerOf(identity));
  }

  /** Begins with another proxy each time: what a flood leaves over is read sooner or later. */
  async function readRecords(): Promise<'more' | 'done'> {
    const all = [...proxies];
    turn += 1;
    let left = bytesOfPass;
    let more = false;
    for (let index = 0; index < all.length; index += 1) {
      const [name, proxy] = all[(index + turn) % all.length] ?? [];
      if (proxy === undefined || name === undefined) continue;
      try {
        // Where nothing may be read any more, it is seen that there is something.
        const bytes = await proxy.read(Math.max(0, Math.min(left, bytesOfProxy)), clock());
        more ||= bytes > 0 && proxy.behind;
        left -= bytes;
        troubles.over(name);
      } catch (error) {
        troubles.log(name, `the records of ${name} cannot be read`, error);
      }
    }
    return more ? 'more' : 'done';
  }

  function commit(now: number): void {
    const batch = emptyBatch();
    for (const proxy of proxies.values()) proxy.tell(batch, now);
    addDropped(batch, 'unreadable-export', unreadableExports);
    if (!isEmpty(batch)) ledger.commit({ at: now, ...batch });
    unreadableExports = 0;
    for (const [name, proxy] of proxies) if (proxy.settle()) proxies.delete(name);
  }

  async function passOnce(): Promise<'more' | 'done'> {
    try {
      for (const { identity, recordsFile } of options.proxies()) {
        find(identity).present(callerOf(identity), recordsFile, clock());
      }
      const left = await readRecords();
      const now = clock();
      commit(now);
      if (now - sweptAt >= sweepMs) {
        sweptAt = now;
        ledger.sweep(now);
      }
      troubles.over('');
      return left;
    } catch (error) {
      troubles.log('', 'traffic cannot be kept; it is tried again', error);
      return 'done';
    }
  }

  const passes = createPasses(passOnce, intervalMs);
  return {
    takeExport(identity, bytes) {
      if (!find(identity).take(callerOf(identity), bytes, clock())) unreadableExports += 1;
    },
    pass: passes.pass,
    close: passes.close,
  };
}
