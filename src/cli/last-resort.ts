// What a command cannot catch itself: a reader that stops reading, a full disk under standard output, a bug in a
// callback. Invariant: a person never sees a stack trace.
import { systemCode } from '../platform/errors.ts';
import { errorLines } from './error-lines.ts';

/** `sallyport get … | head` ends silently when head has enough; any other failure to write is said once. */
export function endOnBrokenOutput(): void {
  for (const stream of [process.stdout, process.stderr]) {
    stream.on('error', (error) => {
      const code = systemCode(error);
      if (code === 'EPIPE') process.exit();
      if (stream === process.stdout) process.stderr.write(`error: cannot write the output (${code})\n`);
      process.exit(1);
    });
  }
}

/** For commands that people wait for; a background process leaves its stack in its log. */
export function reportUncaught(): void {
  process.on('uncaughtException', (error) => {
    process.stderr.write(`${errorLines(error).join('\n')}\n`);
    process.exit(1);
  });
}
