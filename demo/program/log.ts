// What a program of the demo says: one line for each thing that happened, on standard output, where `sallyport logs`
// finds it. Invariant: what others sent can neither break a line nor make it long.

export type Log = (text: string) => void;

const longest = 300;

/** Lines as `2026-11-14T12:00:01Z notifications GET http://httpbin.org/get -> 200 (12 ms)`. */
export function createLog(service: string): Log {
  // Whoever read the lines may be gone. The program goes on.
  process.stdout.on('error', () => {});
  return (text) => {
    const time = new Date().toISOString().replace(/\.\d+/, '');
    process.stdout.write(`${time} ${service} ${oneLine(text)}\n`);
  };
}

/** The text without control characters, and cut where it is too long to be read. */
export function oneLine(text: string): string {
  const plain = text.replace(/\p{Cc}+/gu, ' ').trim();
  return plain.length > longest ? `${plain.slice(0, longest - 1)}…` : plain;
}
