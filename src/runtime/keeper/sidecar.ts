// A supervised Envoy, and whether it is ready. Each Envoy that is started, or taken over, is asked anew.
import { becomesReady } from './envoy-admin.ts';
import type { ProcessRecord } from './pod-record.ts';
import { createSupervisor, type Supervisor, type SupervisorOptions } from './supervisor.ts';

export interface SidecarOptions extends SupervisorOptions {
  /** Undefined where its bootstrap opens none: then it counts as ready when it runs. */
  readonly adminSocket: string | undefined;
  readonly onReady: () => void;
}

export interface Sidecar extends Supervisor {
  isReady(): boolean;
  /** Resolves when it was ready for the first time, or when the signal aborts. */
  readyOr(signal: AbortSignal): Promise<void>;
}

export function createSidecar(options: SidecarOptions): Sidecar {
  const { adminSocket, onReady } = options;
  const firstReady = Promise.withResolvers<void>();
  let asking = new AbortController();
  let ready = false;

  function follow(record: ProcessRecord): void {
    asking.abort();
    asking = new AbortController();
    ready = false;
    if (record.process === undefined) return;
    if (adminSocket === undefined) becameReady(true);
    else void becomesReady(adminSocket, asking.signal).then(becameReady);
  }

  function becameReady(answer: boolean): void {
    ready = answer;
    if (!answer) return;
    firstReady.resolve();
    onReady();
  }

  function save(record: ProcessRecord): void {
    options.save(record);
    follow(record);
  }

  const supervisor = createSupervisor({ ...options, save });
  return {
    ...supervisor,
    start() {
      follow(options.record);
      supervisor.start();
    },
    async stop() {
      asking.abort();
      await supervisor.stop();
    },
    release() {
      asking.abort();
      supervisor.release();
    },
    isReady: () => ready,
    readyOr: (signal) => {
      const aborted = new Promise<void>((resolve) => {
        if (signal.aborted) resolve();
        signal.addEventListener('abort', () => resolve(), { once: true });
      });
      return Promise.race([firstReady.promise, aborted]);
    },
  };
}
