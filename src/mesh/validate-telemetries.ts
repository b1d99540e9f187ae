// Telemetries of which no look at one alone can tell that it does not count: another is for the whole namespace too.
import { toDiagnostic, warning } from '../api/finding.ts';
import type { Diagnostic } from '../platform/diagnostic.ts';
import type { Mesh } from './mesh.ts';
import { wholeNamespace } from './select-telemetry.ts';
import { telemetryOrigin } from './telemetry.ts';

export function validateTelemetries({ telemetries }: Mesh): readonly Diagnostic[] {
  return [...telemetries.hosts()].flatMap((namespace) => {
    const all = telemetries.get(namespace);
    const first = wholeNamespace(all);
    if (first === undefined) return [];
    return all.flatMap((telemetry) => {
      if (telemetry === first || wholeNamespace([telemetry]) === undefined) return [];
      const message = `${telemetryOrigin(first)} is for the whole namespace too, and the older one counts`;
      const finding = warning('SP1406', ['spec', 'selector'], message, 'put both into one');
      return [toDiagnostic(finding, telemetryOrigin(telemetry))];
    });
  });
}
