// Conditions of which some are known while configuration is built: `true` and `false`; the rest is for Envoy to judge.

export type Term<Matcher> = Matcher | boolean;

/** How matchers of one kind are put together. */
export interface Algebra<Matcher> {
  each(matchers: readonly Matcher[]): Matcher;
  some(matchers: readonly Matcher[]): Matcher;
  not(matcher: Matcher): Matcher;
}

export function allOf<Matcher>(terms: readonly Term<Matcher>[], { each }: Algebra<Matcher>): Term<Matcher> {
  if (terms.includes(false)) return false;
  const open = terms.filter(isOpen);
  return open.length === 0 ? true : each(open);
}

export function anyOf<Matcher>(terms: readonly Term<Matcher>[], { some }: Algebra<Matcher>): Term<Matcher> {
  if (terms.includes(true)) return true;
  const open = terms.filter(isOpen);
  return open.length === 0 ? false : some(open);
}

export function noneOf<Matcher>(terms: readonly Term<Matcher>[], algebra: Algebra<Matcher>): Term<Matcher> {
  const any = anyOf(terms, algebra);
  return typeof any === 'boolean' ? !any : algebra.not(any);
}

function isOpen<Matcher>(term: Term<Matcher>): term is Matcher {
  return typeof term !== 'boolean';
}
