// Who may see a ServiceEntry. Follows validateExportTo of Istio's pkg/config/validation.
import { problem } from '../finding.ts';
import type { Finding } from '../kind.ts';

export function* checkExportTo(exportTo: readonly string[], namespace: string | undefined): Iterable<Finding> {
  const seen = new Set<string>();
  for (const [index, target] of exportTo.entries()) {
    const path = ['spec', 'exportTo', index];
    if (seen.has(target)) {
      yield problem('SP0332', path, `duplicate entries in exportTo for entry ${target}`, 'remove one of them');
    } else if (target === namespace && exportTo.includes('.')) {
      const message = 'duplicate entries in exportTo: . and current namespace';
      yield problem('SP0332', path, message, 'remove one of them');
    }
    seen.add(target);
  }
  const path = ['spec', 'exportTo'];
  if (seen.has('*') && seen.size > 1) {
    const message = 'cannot have both public (*) and non-public exportTo values for a resource';
    yield problem('SP0333', path, message, "remove '*', or all others");
  }
  if (seen.has('~') && seen.size > 1) {
    const message = 'cannot export service entry to no one (~) and someone';
    yield problem('SP0333', path, message, "remove '~', or all others");
  }
}
