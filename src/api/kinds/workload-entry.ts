// networking.istio.io WorkloadEntry: a workload that is no pod, such as a virtual machine. ServiceEntries and Services of its
// namespace choose it by its labels.
import type { Kind } from '../kind.ts';
import { type WorkloadEntry, workloadEntrySchema } from './workload-entry-schema.ts';
import { validateWorkloadEntry } from './workload-entry-validation.ts';

export type { WorkloadEntry, WorkloadEntrySpec } from './workload-entry-schema.ts';

export const workloadEntryKind: Kind<WorkloadEntry> = {
  group: 'networking.istio.io',
  versions: ['v1', 'v1beta1', 'v1alpha3'],
  kind: 'WorkloadEntry',
  plural: 'workloadentries',
  singular: 'workloadentry',
  shortNames: ['we'],
  namespaced: true,
  schema: workloadEntrySchema,
  validate: (entry) => [...validateWorkloadEntry(entry)],
  withDefaults: (entry) => entry,
  columns: [{ title: 'ADDRESS', value: ({ spec }) => spec.address ?? '' }],
};
