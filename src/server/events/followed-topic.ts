// A source that waits, as a topic: it is asked for its next message only when the one before was taken.
import type { OpenTopic, ServerSentEvent } from './topic.ts';

type Source = (gone: AbortSignal) => AsyncGenerator<ServerSentEvent, void, undefined>;

export function followedTopic(source: Source): OpenTopic {
  return (ring) => {
    const gone = new AbortController();
    const messages = source(gone.signal);
    let next: ServerSentEvent | undefined;
    let ended = false;
    let failure: unknown;

    async function ask(): Promise<void> {
      try {
        const { done, value } = await messages.next();
        if (done === true) ended = true;
        else next = value;
      } catch (error) {
        ended = true;
        failure = error;
      }
      ring();
    }

    void ask();
    return {
      take() {
        if (failure !== undefined) throw failure;
        if (next === undefined) return [];
        const taken = [next];
        next = undefined;
        void ask();
        return taken;
      },
      ended: () => ended && next === undefined,
      close() {
        gone.abort();
        void messages.return();
      },
    };
  };
}
