// core/v1 Namespace.
import { z } from 'zod';
import { dnsLabelForm, isDnsLabel } from '../dns-name.ts';
import { problem } from '../finding.ts';
import type { Immutable } from '../immutable.ts';
import type { Kind } from '../kind.ts';
import { metadataSchema } from '../metadata.ts';

const schema = z.strictObject({
  apiVersion: z.string(),
  kind: z.string(),
  metadata: metadataSchema,
  spec: z.unknown().exactOptional(),
  status: z.looseObject({ phase: z.string().exactOptional() }).exactOptional(),
});

export type Namespace = Immutable<z.infer<typeof schema>>;

export const namespaceKind: Kind<Namespace> = {
  group: '',
  versions: ['v1'],
  kind: 'Namespace',
  plural: 'namespaces',
  singular: 'namespace',
  shortNames: ['ns'],
  namespaced: false,
  schema,
  validate({ metadata: { name } }) {
    if (isDnsLabel(name)) return [];
    return [problem('SP0201', ['metadata', 'name'], `'${name}' is not a name of a namespace`, dnsLabelForm)];
  },
  withDefaults: (namespace) => namespace,
  columns: [{ title: 'STATUS', value: ({ status }) => status?.phase ?? 'Active' }],
};
