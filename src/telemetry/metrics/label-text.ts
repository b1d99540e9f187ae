// The labels of a series as they stand between the braces of Prometheus's text format.
import type { SeriesLabels } from '../series.ts';

/** Labels of a series stay the same object as long as it lives. */
const labelTexts = new WeakMap<SeriesLabels, string>();

export function labelText(labels: SeriesLabels): string {
  const known = labelTexts.get(labels);
  if (known !== undefined) return known;
  const text = Object.entries(labels)
    .map(([name, value]) => `${name}="${escapeLabel(value)}"`)
    .join(',');
  labelTexts.set(labels, text);
  return text;
}

function escapeLabel(value: string): string {
  return value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');
}
