// Decisions as lines for people: when, what became of it, who, where to, how often, why. Names are padded to the longest
// so far, so that what is followed line by line stands in columns.
import type { DecisionBody } from '../../server/wire.ts';
import { formatHostPort } from './host-port.ts';
import { oneLine } from './table.ts';

export type DecisionPaint = (kind: DecisionBody['verdict'], text: string) => string;

export interface DecisionLines {
  /** Those that come together stand in columns from the first on. */
  format(decisions: readonly DecisionBody[]): readonly string[];
}

/** One long name must not push the reasons of all others away. */
const widestName = 48;

/** `wide`: with what the request was and which object decided. */
export function createDecisionLines(wide: boolean, paint: DecisionPaint): DecisionLines {
  let widths: readonly number[] = [];

  return {
    format(decisions) {
      const rows = decisions.map(nameCells);
      widths = rows.reduce(
        (before, row) => row.map((cell, column) => Math.min(widestName, Math.max(before[column] ?? 0, cell.length))),
        widths,
      );
      return decisions.map((decision, index) => {
        const { lastAt, verdict, reason } = decision;
        return [
          lastAt,
          paint(verdict, verdict.padEnd('passthrough'.length)),
          ...(rows[index] ?? []).map((cell, column) => cell.padEnd(widths[column] ?? 0)),
          oneLine(reason),
          ...(wide ? [oneLine(details(decision))] : []),
        ].join('  ');
      });
    },
  };
}

/** Who, where to, how often. */
function nameCells({ source, destination, count }: DecisionBody): readonly string[] {
  return [oneLine(`${source.namespace}/${source.workload}`), oneLine(formatHostPort(destination)), `×${count}`];
}

/** `(GET /a, pod web-1, to 192.0.2.66:443, Istio/istio-system/mesh, unknown-sni)` */
function details({ method, path = '', source, address, object, signature }: DecisionBody): string {
  const parts = [
    ...(method === undefined ? [] : [`${method} ${path}`]),
    `pod ${source.pod}`,
    ...(address === '' ? [] : [`to ${address}`]),
    object,
    signature,
  ];
  return `(${parts.join(', ')})`;
}
