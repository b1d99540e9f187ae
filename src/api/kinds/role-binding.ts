// rbac.authorization.k8s.io/v1 RoleBinding and ClusterRoleBinding: who has a role. Kept and shown; in a local mesh nobody
// asks them.
import { z } from 'zod';
import type { Immutable } from '../immutable.ts';
import type { Kind } from '../kind.ts';
import { metadataSchema } from '../metadata.ts';

const subject = z.strictObject({
  kind: z.enum(['User', 'Group', 'ServiceAccount']),
  name: z.string(),
  namespace: z.string().exactOptional(),
  apiGroup: z.string().exactOptional(),
});

const schema = z.strictObject({
  apiVersion: z.string(),
  kind: z.string(),
  metadata: metadataSchema,
  subjects: z.array(subject).exactOptional(),
  roleRef: z.strictObject({
    apiGroup: z.string().exactOptional(),
    kind: z.enum(['Role', 'ClusterRole']),
    name: z.string(),
  }),
});

export type RoleBinding = Immutable<z.infer<typeof schema>>;
type Subject = NonNullable<RoleBinding['subjects']>[number];

const common: Omit<Kind<RoleBinding>, 'kind' | 'plural' | 'singular' | 'namespaced'> = {
  group: 'rbac.authorization.k8s.io',
  versions: ['v1'],
  shortNames: [],
  schema,
  validate: () => [],
  withDefaults: (binding) => binding,
  columns: [
    { title: 'ROLE', value: ({ roleRef }) => `${roleRef.kind}/${roleRef.name}` },
    { title: 'USERS', wide: true, value: (binding) => subjectsOf(binding, 'User') },
    { title: 'GROUPS', wide: true, value: (binding) => subjectsOf(binding, 'Group') },
    { title: 'SERVICEACCOUNTS', wide: true, value: (binding) => subjectsOf(binding, 'ServiceAccount') },
  ],
};

export const roleBindingKind: Kind<RoleBinding> = {
  ...common,
  kind: 'RoleBinding',
  plural: 'rolebindings',
  singular: 'rolebinding',
  namespaced: true,
};

export const clusterRoleBindingKind: Kind<RoleBinding> = {
  ...common,
  kind: 'ClusterRoleBinding',
  plural: 'clusterrolebindings',
  singular: 'clusterrolebinding',
  namespaced: false,
};

function subjectsOf({ subjects = [] }: RoleBinding, kind: Subject['kind']): string {
  const named = subjects.filter((subject) => subject.kind === kind);
  return named.map(({ namespace, name }) => (namespace === undefined ? name : `${namespace}/${name}`)).join(', ');
}
