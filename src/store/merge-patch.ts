// JSON merge patch, RFC 7396: null removes a member, an object is merged member by member, all else replaces.
// Invariant: neither argument is changed, and a member named `__proto__` or `constructor` is a member like any other.

/** The target with the patch applied. Both are JSON values. */
export function mergePatch(target: unknown, patch: unknown): unknown {
  if (!isObject(patch)) return patch;
  const merged = new Map<string, unknown>(isObject(target) ? Object.entries(target) : []);
  for (const [name, value] of Object.entries(patch)) {
    if (value === null) merged.delete(name);
    else merged.set(name, mergePatch(merged.get(name), value));
  }
  // fromEntries defines own members and never calls a setter, so `__proto__` stays data.
  return Object.fromEntries(merged);
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
