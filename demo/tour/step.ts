// One step of the tour: a command as a user types it, and what must come of it. Steps are data; play.ts runs them.

export interface Outcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Expectation {
  /** What is checked, as a sentence for the reader. */
  readonly says: string;
  holds(outcome: Outcome): boolean;
}

export type Facts = Readonly<Record<string, string>>;

export interface Step {
  /** What is about to be seen. */
  readonly intro?: string;
  /** What follows the program's name. Here and in the input `{name}` stands for what an earlier step has learned. */
  readonly command: readonly string[];
  /** Not the program's: a command of the host, outside of the mesh. */
  readonly onHost?: boolean;
  /** Standard input, shown as a here-document. */
  readonly input?: string;
  readonly expect: readonly Expectation[];
  /** What later steps need of its standard output. */
  readonly learn?: (stdout: string) => Facts;
  /** Asked again until all holds, with a time limit: for logs, which arrive a moment later. */
  readonly eventually?: boolean;
}

export interface Chapter {
  readonly title: string;
  readonly steps: readonly Step[];
}

/** What the story is played on. */
export interface Stage {
  readonly namespace: string;
  /** How to call the HTTP client inside a workload: `curl`, or the demo's own. */
  readonly curl: readonly string[];
  /** The demo's folder, as a user types it. */
  readonly folder: string;
  /** Address of the simulated internet. */
  readonly internet: string;
}
