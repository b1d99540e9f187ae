// Who may see a ServiceEntry, a VirtualService or a DestinationRule. Follows validateExportTo of Istio's
// pkg/config/validation.
import { z } from 'zod';
import { isDnsLabel } from '../dns-name.ts';
import { problem } from '../finding.ts';
import type { Finding } from '../kind.ts';
import { shorten } from '../schema-messages.ts';
import { checked } from '../schema-parts.ts';

export const exportTarget = checked(z.string(), function* (target): Iterable<Finding> {
  if (target === '.' || target === '*' || isDnsLabel(target)) return;
  const hint = "use '*' (everywhere), '.' (this namespace) or the name of a namespace";
  yield problem('SP0331', [], `exportTo '${shorten(target)}' is no namespace`, hint);
});

/** Only a ServiceEntry may be for no one. */
export const serviceEntryExportTarget = checked(z.string(), function* (target): Iterable<Finding> {
  if (target === '.' || target === '*' || target === '~' || isDnsLabel(target)) return;
  const hint = "use '*' (everywhere), '.' (this namespace), '~' (nowhere) or the name of a namespace";
  yield problem('SP0331', [], `exportTo '${shorten(target)}' is no namespace`, hint);
});

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
