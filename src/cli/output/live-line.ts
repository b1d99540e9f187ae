// One line on a terminal that is written over as things go on; nothing where nobody watches.

export interface LiveLine {
  show(text: string): void;
  /** Takes it away. */
  end(): void;
}

const { isTTY } = process.stderr;

export function createLiveLine(): LiveLine {
  const clear = '\r\x1b[2K';
  return {
    show: (text) => void (isTTY && process.stderr.write(`${clear}${text}`)),
    end: () => void (isTTY && process.stderr.write(clear)),
  };
}
