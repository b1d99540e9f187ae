// Whether a program is ready: it runs and listens on every port that it is to listen on. Asked of the kernel, often while
// the program comes up and seldom afterwards. Invariant: with the process the answer begins anew and asking stops.
import type { ProcessRecord } from './pod-record.ts';

export interface ProgramReadinessOptions {
  /** The ports that it is to listen on. */
  readonly ports: () => readonly number[];
  /** Those it listens on by now; undefined while the program itself does not run yet. */
  readonly listening: (pid: number) => ReadonlySet<number> | undefined;
  readonly onChange: () => void;
}

export interface ProgramReadiness {
  /** Call with every new state of the process. */
  follow(record: ProcessRecord): void;
  /** The ports that are missing while it runs; none: it is ready. */
  missing(): readonly number[];
  stop(): void;
}

const fastPollMs = 25;
const fastPolls = 400;
const slowPollMs = 2_000;

export function createProgramReadiness({ ports, listening, onChange }: ProgramReadinessOptions): ProgramReadiness {
  let pid: number | undefined;
  let missing: readonly number[] = [];
  let polls = 0;
  let timer: NodeJS.Timeout | undefined;

  function look(asked: number): readonly number[] {
    const wanted = ports();
    if (wanted.length === 0) return [];
    const found = listening(asked);
    return wanted.filter((port) => found?.has(port) !== true);
  }

  function again(asked: number): void {
    const fast = missing.length > 0 && polls < fastPolls;
    polls = missing.length > 0 ? polls + 1 : 0;
    timer = setTimeout(() => poll(asked), fast ? fastPollMs : slowPollMs);
  }

  function poll(asked: number): void {
    const before = missing;
    missing = look(asked);
    again(asked);
    if (missing.join() !== before.join()) onChange();
  }

  function stop(): void {
    clearTimeout(timer);
    pid = undefined;
  }

  return {
    follow({ process }) {
      if (process?.pid === pid) return;
      stop();
      pid = process?.pid;
      if (pid === undefined) return;
      polls = 0;
      missing = look(pid);
      again(pid);
    },
    missing: () => (pid === undefined ? [] : missing),
    stop,
  };
}
