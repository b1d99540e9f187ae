// Colour, only where a person looks at it. picocolors' own guess is not asked: it colours files on CI machines.
import pico from 'picocolors';

const { NO_COLOR = '', TERM } = process.env;
const mayColour = NO_COLOR === '' && TERM !== 'dumb';
const colours = pico.createColors(process.stderr.isTTY === true && mayColour);
const outputColours = pico.createColors(process.stdout.isTTY === true && mayColour);

const paints = new Map([
  ['error:', colours.red],
  ['warning:', colours.yellow],
]);

/** Paints the word that a line of a message begins with. */
export function paintSeverity(line: string): string {
  const word = line.slice(0, line.indexOf(' '));
  const paint = paints.get(word);
  return paint === undefined ? line : paint(word) + line.slice(word.length);
}

const kindPaints = {
  blocked: outputColours.red,
  passthrough: outputColours.yellow,
  reported: outputColours.yellow,
  external: outputColours.green,
  service: outputColours.gray,
  alarm: (text: string) => outputColours.bold(outputColours.red(text)),
  critical: (text: string) => outputColours.bold(outputColours.red(text)),
  warning: outputColours.yellow,
  info: outputColours.cyan,
  passed: outputColours.green,
  failed: outputColours.red,
  title: outputColours.bold,
  note: outputColours.dim,
} as const;

const diffPaints = new Map([
  ['-', outputColours.red],
  ['+', outputColours.green],
]);

/** Paints a line of a diff. */
export function paintDiff(line: string): string {
  return diffPaints.get(line.slice(0, 1))?.(line) ?? line;
}

/** Paints text on standard output by what it tells of traffic, seen or foretold. */
export function paintTraffic(kind: keyof typeof kindPaints, text: string): string {
  return kindPaints[kind](text);
}
