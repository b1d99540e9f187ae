// Tells the keeper's DNS the names of the mesh and the rules of `--resolve`, whenever they change, and until it took them.
// The keeper remembers them over its own death. One request at a time; what changes meanwhile goes with the next.
import { setTimeout as delay } from 'node:timers/promises';
import { messageOf } from '../platform/errors.ts';
import type { Logger } from '../platform/log.ts';
import type { DnsRecord, KeeperConfig, ResolveRule } from '../runtime/protocol.ts';

export interface ConfigurableKeeper {
  putConfig(config: KeeperConfig): Promise<void>;
}

export interface KeeperConfiguration {
  setRecords(records: readonly DnsRecord[]): void;
  /** Resolves when the keeper has what was last set. */
  settled(): Promise<void>;
}

/** `text` is compared: equal records are not sent again. */
interface Wanted {
  readonly records: readonly DnsRecord[];
  readonly text: string;
}

export function keepConfigured(
  keeper: ConfigurableKeeper,
  resolve: readonly ResolveRule[],
  signal: AbortSignal,
  log: Logger,
): KeeperConfiguration {
  let wanted: Wanted | undefined;
  let held: string | undefined;
  let sending: Promise<void> | undefined;

  async function send(): Promise<void> {
    while (wanted !== undefined && wanted.text !== held && !signal.aborted) {
      const { text, records } = wanted;
      try {
        await keeper.putConfig({ records, resolve });
        held = text;
      } catch (error) {
        log.warn({ error: messageOf(error) }, 'the keeper did not take its configuration, trying again');
        await delay(1000, undefined, { signal }).catch(() => undefined);
      }
    }
    sending = undefined;
  }

  return {
    setRecords(records) {
      wanted = { records, text: JSON.stringify(records) };
      if (wanted.text !== held) sending ??= send();
    },
    settled: () => sending ?? Promise.resolve(),
  };
}
