// Settings of the programs, from their environment. A wrong one ends the program with one line that names it.
import { SallyportError } from '../../src/platform/errors.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

export function wrongSetting(name: string, value: string, expected: string): SallyportError {
  return new SallyportError('DEMO_SETTING', `${name}=${value.slice(0, 200)}: ${expected}`);
}

/** A number within bounds; `fallback` if the variable is absent or empty. */
export function numberSetting(
  env: Environment,
  name: string,
  fallback: number,
  { from, to, whole = true }: { readonly from: number; readonly to: number; readonly whole?: boolean },
): number {
  const text = env[name] || String(fallback);
  const value = Number(text);
  if (text.trim() !== '' && value >= from && value <= to && (!whole || Number.isInteger(value))) return value;
  throw wrongSetting(name, text, `give a ${whole ? 'whole ' : ''}number from ${from} to ${to}`);
}

export function portSetting(env: Environment, name: string, fallback: number): number {
  return numberSetting(env, name, fallback, { from: 1, to: 65_535 });
}

/** An address with `http:` or `https:`. */
export function urlSetting(env: Environment, name: string, fallback: string): URL {
  const text = env[name] || fallback;
  const url = URL.parse(text);
  if (url !== null && (url.protocol === 'http:' || url.protocol === 'https:')) return url;
  throw wrongSetting(name, text, 'give an http:// or https:// address');
}

/** Where a program listens: HOST is given to it where it has an address of its own. */
export function hostSetting(env: Environment): string {
  return env['HOST'] || '0.0.0.0';
}
