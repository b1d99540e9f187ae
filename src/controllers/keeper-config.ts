// Tells the keeper the names of the mesh, the rules of `--resolve` and what is captured, whenever they change, and until it
// took them.
// The keeper remembers them over its own death. One request at a time; what changes meanwhile goes with the next.
import { setTimeout as delay } from 'node:timers/promises';
import { messageOf } from '../platform/errors.ts';
import type { Logger } from '../platform/log.ts';
import type { DnsRecord, KeeperConfig, ResolveRule } from '../runtime/protocol.ts';

export interface ConfigurableKeeper {
  putConfig(config: KeeperConfig): Promise<void>;
}

/** What goes to the proxies, and what around them. */
export type Captured = Required<Pick<KeeperConfig, 'capturedRanges' | 'podsMayBypass'>>;

export interface KeeperConfiguration {
  setRecords(records: readonly DnsRecord[]): void;
  setCaptured(captured: Captured): void;
  /** Resolves when the keeper has what was last set. */
  settled(): Promise<void>;
}

/** `text` is compared: what is equal is not sent again. */
interface Wanted {
  readonly config: KeeperConfig;
  readonly text: string;
}

export function keepConfigured(
  keeper: ConfigurableKeeper,
  resolve: readonly ResolveRule[],
  signal: AbortSignal,
  log: Logger,
): KeeperConfiguration {
  let wanted: Wanted | undefined;
  let records: readonly DnsRecord[] | undefined;
  let captured: Captured | undefined;
  let held: string | undefined;
  let sending: Promise<void> | undefined;

  async function send(): Promise<void> {
    while (wanted !== undefined && wanted.text !== held && !signal.aborted) {
      const { text, config } = wanted;
      try {
        await keeper.putConfig(config);
        held = text;
      } catch (error) {
        log.warn({ error: messageOf(error) }, 'the keeper did not take its configuration, trying again');
        await delay(1000, undefined, { signal }).catch(() => undefined);
      }
    }
    sending = undefined;
  }

  /** Nothing goes before both are known: the keeper would take what is missing for none. */
  function changed(): void {
    if (records === undefined || captured === undefined) return;
    const config = { records, resolve, ...captured };
    wanted = { config, text: JSON.stringify([records, captured]) };
    if (wanted.text !== held) sending ??= send();
  }

  return {
    setRecords(next) {
      records = next;
      changed();
    },
    setCaptured(next) {
      // Said with every snapshot, and nearly always the same: comparing costs no look at the records.
      const { capturedRanges, podsMayBypass } = captured ?? {};
      if (capturedRanges === next.capturedRanges && podsMayBypass === next.podsMayBypass) return;
      captured = next;
      changed();
    },
    settled: () => sending ?? Promise.resolve(),
  };
}
