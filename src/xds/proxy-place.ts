// Where the proxies of a view are, as far as a rule asks for it: two views with the same answer share what is built.
import type { DestinationRule } from '../mesh/destination-rule.ts';
import { localityOf } from '../mesh/locality.ts';
import { placeLabelsOf } from '../mesh/references.ts';
import type { ProxyScope } from './proxy-scope.ts';

export interface ProxyPlace {
  /** The same for the same answers. */
  readonly key: string;
  /** `region/zone/subzone`; empty: nowhere. */
  readonly locality: string;
  label(key: string): string | undefined;
}

/** Undefined where the rule treats all proxies alike. */
export function placeFor(rule: DestinationRule | undefined, scope: ProxyScope): ProxyPlace | undefined {
  const asked = rule === undefined ? [] : placeLabelsOf(rule);
  if (asked.length === 0) return undefined;
  const answers = new Map(asked.flatMap((key) => [[key, scope.label(key)] as const]));
  const label = (key: string) => answers.get(key);
  return { key: JSON.stringify([...answers]), locality: localityOf(label), label };
}
