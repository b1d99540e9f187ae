// Ctrl-C, SIGTERM and a closed terminal as an AbortSignal: the first lets a command end cleanly, the second ends the
// process. Signals that come together count once: a terminal and a launcher in front of us may both pass one on.

export interface Interrupt {
  readonly signal: AbortSignal;
  /** What a shell expects after the signal that came: 130 for Ctrl-C, 143 for SIGTERM, 129 for a closed terminal. */
  exitCode(): number;
  /** Stops listening, so that nothing keeps the process or swallows a signal. */
  release(): void;
}

const exitCodes = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 } as const;
type Interruption = keyof typeof exitCodes;
const interruptions: readonly Interruption[] = ['SIGINT', 'SIGTERM', 'SIGHUP'];

const togetherMs = 500;

export function interruptSignal(): Interrupt {
  const controller = new AbortController();
  let exitCode = 130;
  let first = 0;
  const onSignal = (name: Interruption) => {
    exitCode = exitCodes[name];
    if (!controller.signal.aborted) first = performance.now();
    else if (performance.now() - first > togetherMs) process.exit(exitCode);
    controller.abort();
  };
  for (const name of interruptions) process.on(name, onSignal);
  return {
    signal: controller.signal,
    exitCode: () => exitCode,
    release: () => {
      for (const name of interruptions) process.off(name, onSignal);
    },
  };
}
