// Who sees an object: Istio's exportTo. `*` everyone, `.` its own namespace, `~` no one, else named namespaces.

export type Visibility =
  | { readonly public: true }
  | { readonly public: false; readonly namespaces: ReadonlySet<string> };

const everyone: Visibility = { public: true };

/** An empty or missing exportTo means everyone, Istio's default. */
export function visibilityOf(exportTo: readonly string[] | undefined, namespace: string): Visibility {
  if (exportTo === undefined || exportTo.length === 0 || exportTo.includes('*')) return everyone;
  const namespaces = new Set<string>();
  for (const entry of exportTo) {
    if (entry === '~') continue;
    namespaces.add(entry === '.' ? namespace : entry);
  }
  return { public: false, namespaces };
}

export function isVisible(visibility: Visibility, namespace: string): boolean {
  return visibility.public || visibility.namespaces.has(namespace);
}

export function sameVisibility(a: Visibility, b: Visibility): boolean {
  if (a.public || b.public) return a.public === b.public;
  return a.namespaces.size === b.namespaces.size && a.namespaces.isSubsetOf(b.namespaces);
}

/** Who sees both. */
export function commonVisibility(a: Visibility, b: Visibility): Visibility {
  if (a.public) return b;
  return b.public ? a : { public: false, namespaces: a.namespaces.intersection(b.namespaces) };
}
