// What an EgressPolicy stands for, for those who read it: Istio's objects as somebody would have written them, and who is let out.
// They are stored nowhere.
import type { KubeObject } from '../api/object.ts';
import { type AdmissionContext, admissionOf } from '../mesh/egress-policy/admission.ts';
import type { PolicyMeaning } from '../mesh/egress-policy/policies.ts';

export interface PolicyExpansion {
  readonly objects: readonly KubeObject[];
  /** In sentences. */
  readonly admission: readonly string[];
}

/** Undefined for what stands for itself. */
export function expansionOf(
  meaning: PolicyMeaning | undefined,
  context: AdmissionContext,
): PolicyExpansion | undefined {
  if (meaning === undefined) return undefined;
  return { objects: meaning.parts.map(asWritten), admission: admissionOf(meaning.policy, context) };
}

/** Without what says that nobody wrote it. */
function asWritten(object: KubeObject): KubeObject {
  const { name, namespace = 'default' } = object.metadata;
  return { ...object, metadata: { name, namespace } };
}
