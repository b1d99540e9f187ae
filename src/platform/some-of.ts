// Lists in sentences and tables, which stay short however long the list is.

/** `a, b, c and 4 more`: the first few, and how many there are beside them. */
export function someOf(names: readonly string[], most = 3): string {
  const more = names.length - most;
  return more > 0 ? `${names.slice(0, most).join(', ')} and ${more} more` : names.join(', ');
}
