// The name of a Secret in TLS settings. Where it is is not the author's to say: the proxy's own namespace (CVE-2021-34824).
// Istio: `kubernetes://name` and names of other namespaces with a ReferenceGrant; here: refused.
import { type FieldPath, problem } from '../finding.ts';
import type { Finding } from '../kind.ts';
import { shorten } from '../schema-messages.ts';

export function* checkCredentialName(name: string | undefined, path: FieldPath): Iterable<Finding> {
  if (name === undefined || !name.includes('/')) return;
  const message = `'${shorten(name)}' is not a Secret's name alone`;
  yield problem('SP1555', path, message, "write its name; it is found in the proxy's namespace, and nowhere else");
}
