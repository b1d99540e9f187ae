// core/v1 ConfigMap.
import { z } from 'zod';
import type { Immutable } from '../immutable.ts';
import type { Kind } from '../kind.ts';
import { metadataSchema } from '../metadata.ts';
import { stringMap } from '../schema-parts.ts';

const schema = z.strictObject({
  apiVersion: z.string(),
  kind: z.string(),
  metadata: metadataSchema,
  data: stringMap.exactOptional(),
  binaryData: stringMap.exactOptional(),
  immutable: z.boolean().exactOptional(),
});

export type ConfigMap = Immutable<z.infer<typeof schema>>;

export const configMapKind: Kind<ConfigMap> = {
  group: '',
  versions: ['v1'],
  kind: 'ConfigMap',
  plural: 'configmaps',
  singular: 'configmap',
  shortNames: ['cm'],
  namespaced: true,
  schema,
  validate: () => [],
  withDefaults: (map) => map,
  columns: [
    {
      title: 'DATA',
      value: ({ data, binaryData }) => String(Object.keys(data ?? {}).length + Object.keys(binaryData ?? {}).length),
    },
  ],
};
