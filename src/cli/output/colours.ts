// Colour on standard error, only where a person looks at it. picocolors' own guess is not asked: it colours files on
// CI machines.
import pico from 'picocolors';

const { NO_COLOR = '', TERM } = process.env;
const colours = pico.createColors(process.stderr.isTTY === true && NO_COLOR === '' && TERM !== 'dumb');

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
