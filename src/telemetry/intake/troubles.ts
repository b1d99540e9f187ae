// Says once what goes wrong at every pass, and once that it is over.
import { messageOf } from '../../platform/errors.ts';
import type { Logger } from '../../platform/log.ts';

export interface Troubles {
  /** `subject`: what it is about; the same trouble of one subject is logged once. */
  log(subject: string, what: string, error: unknown): void;
  over(subject: string): void;
}

export function createTroubles(log: Logger): Troubles {
  const known = new Map<string, { readonly what: string; readonly message: string }>();
  return {
    log(subject, what, error) {
      const message = messageOf(error);
      if (known.get(subject)?.message === message) return;
      known.set(subject, { what, message });
      log.error({ err: error }, what);
    },
    over(subject) {
      const trouble = known.get(subject);
      if (trouble === undefined) return;
      known.delete(subject);
      log.info({ was: trouble.message }, `no more: ${trouble.what}`);
    },
  };
}
