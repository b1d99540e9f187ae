// Structured logs of the long-running processes (control plane, keeper), as JSON lines on standard error.
// Commands that a person waits for print text instead and do not use this. Invariant: no secret is logged.
import { type Logger, pino } from 'pino';

export type { Logger };

/** Level from `SALLYPORT_LOG` (trace … fatal, silent), `info` if unset. */
export function createLogger(component: string): Logger {
  const level = process.env['SALLYPORT_LOG'] ?? 'info';
  const redact = { paths: ['*.privateKey', '*.password', '*.token', '*.data'], censor: '[redacted]' };
  return pino({ level, base: { component }, redact }, pino.destination({ dest: 2, sync: true }));
}
