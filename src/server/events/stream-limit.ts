// How many streams are open, and how much their readers missed; shared by all transports, for the metrics. Over TCP,
// where anyone on the machine may call, there is a limit.
import { SallyportError } from '../../platform/errors.ts';
import type { Transport } from '../deps.ts';

const maxOverTcp = 64;

export interface StreamLimit {
  /** Throws SallyportError `SP_TOO_MANY_STREAMS` (503) where no more may be opened. */
  check(transport: Transport): void;
  /** Returns the function that says it is closed. */
  opened(transport: Transport): () => void;
  countDropped(messages: number): void;
  open(): number;
  /** Since the process started. */
  dropped(): number;
}

export function createStreamLimit(): StreamLimit {
  const open = { tcp: 0, unix: 0 };
  let dropped = 0;
  return {
    check(transport) {
      if (transport !== 'tcp' || open.tcp < maxOverTcp) return;
      const hint = 'close other pages of the dashboard';
      throw new SallyportError('SP_TOO_MANY_STREAMS', `${maxOverTcp} streams are open already`, { hint });
    },
    opened(transport) {
      open[transport] += 1;
      return () => {
        open[transport] -= 1;
      };
    },
    countDropped(messages) {
      dropped += messages;
    },
    open: () => open.tcp + open.unix,
    dropped: () => dropped,
  };
}
