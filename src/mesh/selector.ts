// Labels that a workload must have. An empty selector matches every workload of its scope, as Istio's do.

export type LabelSelector = ReadonlyMap<string, string>;

export function selectorOf(labels: Readonly<Record<string, string>>): LabelSelector {
  return new Map(Object.entries(labels));
}

export function matchesLabels(selector: LabelSelector, labels: Readonly<Record<string, string>>): boolean {
  for (const [key, value] of selector) if (!Object.hasOwn(labels, key) || labels[key] !== value) return false;
  return true;
}

/** Whether no workload can have the labels of both. */
export function contradict(a: LabelSelector, b: LabelSelector): boolean {
  return [...a].some(([key, value]) => b.has(key) && b.get(key) !== value);
}

/** The same text for the same selector. */
export function selectorText(selector: LabelSelector): string {
  return [...selector]
    .map(([key, value]) => `${key}=${value}`)
    .sort()
    .join(',');
}
