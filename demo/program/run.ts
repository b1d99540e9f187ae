// The life of a program: it starts its servers, runs until it is asked to stop, finishes what is open and ends with 0. One
// that has nothing to serve has done what it was for, and ends at once.
// What it cannot do at the start it says in one line, and ends with 1.
import { messageOf, SallyportError } from '../../src/platform/errors.ts';
import type { Log } from './log.ts';

/** Something that serves until it is stopped. */
export interface Service {
  /** Takes nothing new; resolves when what was open is done. */
  stop(): Promise<void>;
}

/** How long open requests may take once the program was asked to stop. */
const graceMs = 2000;

export async function runProgram(
  log: Log,
  start: () => Promise<readonly Service[]> | readonly Service[],
): Promise<void> {
  const stopped = new Promise<string>((resolve) => {
    process.once('SIGTERM', resolve);
    process.once('SIGINT', resolve);
  });
  try {
    const services = await start();
    if (services.length === 0) return;
    const signal = await stopped;
    const late = setTimeout(() => {
      log(`stopped by ${signal}, requests were still open`);
      process.exit(0);
    }, graceMs);
    await Promise.all(services.map((service) => service.stop()));
    clearTimeout(late);
    log(`stopped by ${signal}`);
    process.exit(0);
  } catch (error) {
    if (!(error instanceof SallyportError)) throw error;
    log(`error: ${messageOf(error)}`);
    process.exit(1);
  }
}
