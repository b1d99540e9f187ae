// The whole terminal for a view that draws itself again and again, beside what stood there before. Invariant: however the
// program ends, the terminal is as it was.

export interface Screen {
  columns(): number;
  rows(): number;
  /** Lines from the top; what is too many is not seen. */
  draw(lines: readonly string[]): void;
  close(): void;
}

/** Whether standard output is a terminal that can be drawn on. */
export function isTerminal(): boolean {
  return process.stdout.isTTY === true && process.env['TERM'] !== 'dumb';
}

const enter = '\x1b[?1049h\x1b[?25l';
const leave = '\x1b[?25h\x1b[?1049l';

/** `onKey` gets what is typed, Ctrl-C excepted, which is a signal as ever. */
export function openScreen(onKey: (key: string) => void, onResize: () => void): Screen {
  const { stdin, stdout } = process;
  const restore = () => {
    stdout.write(leave);
    if (stdin.isTTY) stdin.setRawMode(false);
  };
  const onData = (bytes: Buffer) => {
    const key = bytes.toString('utf8');
    if (key.includes('\x03')) process.kill(process.pid, 'SIGINT');
    else onKey(key);
  };
  stdout.write(enter);
  stdout.on('resize', onResize);
  process.once('exit', restore);
  if (stdin.isTTY) {
    stdin.setRawMode(true);
    stdin.on('data', onData);
  }
  return {
    columns: () => stdout.columns,
    rows: () => stdout.rows,
    draw(lines) {
      const shown = lines.slice(0, stdout.rows).map((line) => `\x1b[K${line}`);
      const below = shown.length < stdout.rows ? '\r\n\x1b[J' : '';
      // All at once, where the terminal can: no half of it is ever seen.
      stdout.write(`\x1b[?2026h\x1b[H${shown.join('\r\n')}${below}\x1b[?2026l`);
    },
    close() {
      stdout.off('resize', onResize);
      process.off('exit', restore);
      stdin.off('data', onData);
      if (stdin.isTTY) stdin.pause();
      restore();
    },
  };
}
