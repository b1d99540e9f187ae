// Ctrl-C and SIGTERM as an AbortSignal: the first one lets a command end cleanly, the second ends the process.

export interface Interrupt {
  readonly signal: AbortSignal;
  /** What a shell expects after the signal that came: 130 for Ctrl-C, 143 for SIGTERM. */
  exitCode(): number;
  /** Stops listening, so that nothing keeps the process or swallows a signal. */
  release(): void;
}

const exitCodes = { SIGINT: 130, SIGTERM: 143 } as const;

export function interruptSignal(): Interrupt {
  const controller = new AbortController();
  let exitCode = 130;
  const onSignal = (name: 'SIGINT' | 'SIGTERM') => {
    exitCode = exitCodes[name];
    if (controller.signal.aborted) process.exit(exitCode);
    controller.abort();
  };
  process.on('SIGINT', onSignal);
  process.on('SIGTERM', onSignal);
  return {
    signal: controller.signal,
    exitCode: () => exitCode,
    release: () => {
      process.off('SIGINT', onSignal);
      process.off('SIGTERM', onSignal);
    },
  };
}
