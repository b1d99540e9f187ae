// Topics as the text of a stream of server-sent events (WHATWG HTML, 9.2), for one reader. They take turns, so that a
// flood of one hides no other.
import { createAlarm } from './alarm.ts';
import type { OpenTopic, ServerSentEvent } from './topic.ts';

export const eventStreamType = 'text/event-stream; charset=utf-8';

/** A comment line this often lets both sides notice that the other is gone. */
const heartbeatMs = 15_000;

/** Until all topics have ended or the reader is gone. */
export async function* eventStream(
  openTopics: readonly OpenTopic[],
  gone: AbortSignal,
): AsyncGenerator<string, void, undefined> {
  const alarm = createAlarm(gone);
  const topics = openTopics.map((open) => open(alarm.ring));
  try {
    // How long a browser waits before it comes back; and something to read at once.
    yield 'retry: 1000\n\n';
    while (!gone.aborted) {
      const messages = topics.flatMap((topic) => topic.take());
      for (const message of messages) yield messageText(message);
      if (messages.length > 0) continue;
      if (topics.every((topic) => topic.ended())) return;
      if (!(await alarm.rung(heartbeatMs))) yield ':\n\n';
    }
  } finally {
    for (const topic of topics) topic.close();
  }
}

function messageText({ event, id, data }: ServerSentEvent): string {
  return `${event === undefined ? '' : `event: ${event}\n`}${id === undefined ? '' : `id: ${id}\n`}data: ${data}\n\n`;
}
