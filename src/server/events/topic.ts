// One reader's view of something that changes: a place in what is kept, or a flag. Invariant: it queues nothing. What a
// reader has not taken costs no memory, and what it takes late is what is true then.

export interface ServerSentEvent {
  /** `message` if absent. */
  readonly event?: string;
  /** Where a reader goes on that comes back with it as Last-Event-ID. */
  readonly id?: string;
  /** JSON, without line breaks. */
  readonly data: string;
}

export interface Topic {
  /** What there is to tell now, a bounded part of it; nothing if there is nothing. May throw: then the stream ends. */
  take(): readonly ServerSentEvent[];
  /** Whether there will never be more. */
  ended(): boolean;
  close(): void;
}

/** `ring` is called when `take` has something. */
export type OpenTopic = (ring: () => void) => Topic;
