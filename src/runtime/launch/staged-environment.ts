// A program's environment on its way through shell scripts. A shell drops names that are no identifiers
// (`spring.profiles.active`), and LD_PRELOAD must not reach a stage that still has privileges. So each pair travels as
// one value under a harmless name, and only the last stage, which has no privileges, makes the environment of them.

const prefix = 'SALLYPORT_ENV_';

export interface StagedEnvironment {
  readonly env: Readonly<Record<string, string>>;
  /** How many pairs travel; the last stage must be told. */
  readonly count: number;
}

export function stageEnvironment(env: Readonly<Record<string, string>>): StagedEnvironment {
  const pairs = Object.entries(env).map(([name, value]) => `${name}=${value}`);
  const staged = pairs.map((pair, index) => [`${prefix}${index}`, pair] as const);
  return { env: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', ...Object.fromEntries(staged) }, count: pairs.length };
}

/** Shell text: puts the pairs, as arguments for `env -i`, before the script's own; needs `$count`. */
export const unstageEnvironment = `while [ "$count" -gt 0 ]; do
  count=$((count - 1))
  eval "set -- \\"\\$${prefix}$count\\" \\"\\$@\\""
done`;
