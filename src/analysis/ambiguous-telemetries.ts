// Several Telemetries for a whole namespace, of which the first alone counts.
import { warning } from '../api/finding.ts';
import type { Telemetry } from '../api/kinds/telemetry.ts';
import { wholeNamespace } from '../mesh/select-telemetry.ts';
import { telemetryOrigin } from '../mesh/telemetry.ts';
import { about, type CrossFinding } from './finding.ts';
import type { Surroundings } from './surroundings.ts';

export function* findAmbiguousTelemetries({ metadata }: Telemetry, around: Surroundings): Iterable<CrossFinding> {
  const all = around.telemetries(metadata.namespace ?? '');
  const own = all.find(({ name }) => name === metadata.name);
  const first = wholeNamespace(all);
  if (first === undefined || own === undefined || own === first || wholeNamespace([own]) === undefined) return;
  const message = `${telemetryOrigin(first)} is for the whole namespace too, and the first one counts`;
  yield about(warning('SP1406', ['spec', 'selector'], message, 'put both into one'), telemetryOrigin(first));
}
