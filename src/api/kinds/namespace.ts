// core/v1 Namespace.
import { z } from 'zod';
import { claimsAnnotation } from '../annotations.ts';
import { dnsLabelForm, isDnsLabel } from '../dns-name.ts';
import { problem } from '../finding.ts';
import type { Immutable } from '../immutable.ts';
import type { Finding, Kind } from '../kind.ts';
import { metadataSchema } from '../metadata.ts';
import { shorten } from '../schema-messages.ts';
import { grantedHosts } from './granted-hosts.ts';

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
  validate: (namespace) => [...checkName(namespace), ...checkClaims(namespace)],
  withDefaults: (namespace) => namespace,
  columns: [{ title: 'STATUS', value: ({ status }) => status?.phase ?? 'Active' }],
};

function* checkName({ metadata: { name } }: Namespace): Iterable<Finding> {
  if (isDnsLabel(name)) return;
  yield problem('SP0201', ['metadata', 'name'], `'${name}' is not a name of a namespace`, dnsLabelForm);
}

function* checkClaims({ metadata: { annotations } }: Namespace): Iterable<Finding> {
  for (const { text, host } of grantedHosts(annotations?.[claimsAnnotation])) {
    if (host !== undefined) continue;
    const message = `'${shorten(text)}' is no host`;
    const hint = 'write hosts, separated by commas: api.example.com, *.example.com, or * for any';
    yield problem('SP1550', ['metadata', 'annotations', claimsAnnotation], message, hint);
  }
}
