// Server-sent events (WHATWG HTML, 9.2) out of the lines of an answer, with their data as JSON.

export interface EventMessage {
  /** `message` where it says none. */
  readonly event: string;
  readonly data: unknown;
}

/** Comments, ids and times to wait are passed over. Each message of ours has its data in one line. */
export async function* parseEvents(lines: AsyncIterable<string>): AsyncGenerator<EventMessage, void, undefined> {
  let event = 'message';
  for await (const line of lines) {
    if (line === '') event = 'message';
    else if (line.startsWith('event: ')) event = line.slice(7);
    else if (line.startsWith('data: ')) yield { event, data: JSON.parse(line.slice(6)) };
  }
}
