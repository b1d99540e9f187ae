// egress.sallyport.dev EgressTest: what the owner of a workload holds to be so of what it may reach.
import type { Kind } from '../kind.ts';
import { type EgressTest, egressTestSchema } from './egress-test-schema.ts';
import { validateEgressTest } from './egress-test-validation.ts';

export type { EgressTest, EgressTestCall, EgressTestSpec } from './egress-test-schema.ts';

export const egressTestKind: Kind<EgressTest> = {
  group: 'egress.sallyport.dev',
  versions: ['v1alpha1'],
  kind: 'EgressTest',
  plural: 'egresstests',
  singular: 'egresstest',
  shortNames: ['egt'],
  namespaced: true,
  schema: egressTestSchema,
  validate: validateEgressTest,
  withDefaults: ({ spec, ...test }) => ({
    ...test,
    spec: { ...spec, nothingElse: spec.nothingElse ?? false, nobodyElse: spec.nobodyElse ?? false },
  }),
  columns: [
    { title: 'FROM', value: ({ spec: { from } }) => fromText(from) },
    { title: 'MAY', value: ({ spec: { mayReach = [] } }) => String(mayReach.length) },
    { title: 'MAY NOT', value: ({ spec: { mayNotReach = [] } }) => String(mayNotReach.length) },
    { title: 'NOTHING ELSE', value: ({ spec: { nothingElse = false } }) => String(nothingElse) },
    { title: 'NOBODY ELSE', value: ({ spec: { nobodyElse = false } }) => String(nobodyElse) },
  ],
};

function fromText({ workload, labels = {}, serviceAccount }: EgressTest['spec']['from']): string {
  if (workload !== undefined) return workload;
  const chosen = Object.entries(labels).map(([key, value]) => `${key}=${value}`);
  return [...chosen, ...(serviceAccount === undefined ? [] : [`serviceAccount ${serviceAccount}`])].join(',');
}
