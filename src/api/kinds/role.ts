// rbac.authorization.k8s.io/v1 Role and ClusterRole: what may be done with which objects. Kept and shown; in a local mesh
// nobody asks them.
import { z } from 'zod';
import type { Immutable } from '../immutable.ts';
import type { Kind } from '../kind.ts';
import { metadataSchema } from '../metadata.ts';
import { passed, textList } from '../schema-parts.ts';

const rule = z.strictObject({
  verbs: textList,
  apiGroups: textList.exactOptional(),
  resources: textList.exactOptional(),
  resourceNames: textList.exactOptional(),
  nonResourceURLs: textList.exactOptional(),
});

const schema = z.strictObject({
  apiVersion: z.string(),
  kind: z.string(),
  metadata: metadataSchema,
  rules: z.array(rule).nullable().exactOptional(),
});

const clusterSchema = z.strictObject({ ...schema.shape, aggregationRule: passed });

export type Role = Immutable<z.infer<typeof schema>>;
export type ClusterRole = Immutable<z.infer<typeof clusterSchema>>;

const common = {
  group: 'rbac.authorization.k8s.io',
  versions: ['v1'],
  shortNames: [],
  validate: () => [],
  columns: [{ title: 'CREATED AT', value: ({ metadata }: Role) => metadata.creationTimestamp ?? '<unknown>' }],
} as const;

export const roleKind: Kind<Role> = {
  ...common,
  kind: 'Role',
  plural: 'roles',
  singular: 'role',
  namespaced: true,
  schema,
  withDefaults: (role) => role,
};

export const clusterRoleKind: Kind<ClusterRole> = {
  ...common,
  kind: 'ClusterRole',
  plural: 'clusterroles',
  singular: 'clusterrole',
  namespaced: false,
  schema: clusterSchema,
  withDefaults: (role) => role,
};
