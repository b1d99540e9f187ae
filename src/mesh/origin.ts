// What every object of the mesh says of where it came from, and Istio's order among those that claim the same: oldest
// first, then name, then namespace.

export interface Origin {
  readonly namespace: string;
  readonly name: string;
  /** RFC 3339; empty where nothing told it. */
  readonly createdAt: string;
  /** The object that it was made from, where nobody wrote it: `EgressPolicy/default/payments`. */
  readonly madeBy?: string;
}

export function compareOrigin(a: Origin, b: Origin): number {
  return compareText(a.createdAt, b.createdAt) || compareText(a.name, b.name) || compareText(a.namespace, b.namespace);
}

export function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
