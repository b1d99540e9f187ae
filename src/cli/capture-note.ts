// In proxy capture only what a program sends to its proxy is governed. Every command that shows a policy says so.
import type { Cli } from './cli.ts';

/** One line on standard error where the running mesh captures that way. */
export async function captureNote(cli: Cli): Promise<void> {
  const { capture } = await cli.api().info();
  if (capture !== 'proxy') return;
  cli.warn('note: proxy capture: only traffic that a program sends to its proxy is governed');
}
