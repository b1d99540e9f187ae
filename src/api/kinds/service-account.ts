// core/v1 ServiceAccount: the identity a workload proves.
import { z } from 'zod';
import type { Immutable } from '../immutable.ts';
import type { Kind } from '../kind.ts';
import { metadataSchema } from '../metadata.ts';
import { passed } from '../schema-parts.ts';

const schema = z.strictObject({
  apiVersion: z.string(),
  kind: z.string(),
  metadata: metadataSchema,
  secrets: z.array(z.unknown()).exactOptional(),
  imagePullSecrets: passed,
  automountServiceAccountToken: passed,
});

export type ServiceAccount = Immutable<z.infer<typeof schema>>;

export const serviceAccountKind: Kind<ServiceAccount> = {
  group: '',
  versions: ['v1'],
  kind: 'ServiceAccount',
  plural: 'serviceaccounts',
  singular: 'serviceaccount',
  shortNames: ['sa'],
  namespaced: true,
  schema,
  validate: () => [],
  withDefaults: (account) => account,
  columns: [{ title: 'SECRETS', value: ({ secrets }) => String(secrets?.length ?? 0) }],
};
