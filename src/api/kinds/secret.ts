// core/v1 Secret. Invariant: no message about a Secret shows a value of it.
import { z } from 'zod';
import { problem } from '../finding.ts';
import type { Immutable } from '../immutable.ts';
import type { Finding, Kind } from '../kind.ts';
import { metadataSchema } from '../metadata.ts';
import { checked, stringMap } from '../schema-parts.ts';

const base64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

const base64Map = checked(stringMap, function* (data): Iterable<Finding> {
  for (const [key, value] of Object.entries(data)) {
    if (typeof value !== 'string' || base64.test(value.replaceAll(/\s/g, ''))) continue;
    yield problem('SP0501', [key], 'the value is not base64', 'encode it, or write it plainly under stringData');
  }
});

const schema = z.strictObject({
  apiVersion: z.string(),
  kind: z.string(),
  metadata: metadataSchema,
  type: z.string().exactOptional(),
  data: base64Map.exactOptional(),
  stringData: stringMap.exactOptional(),
  immutable: z.boolean().exactOptional(),
  status: z.unknown().exactOptional(),
});

export type Secret = Immutable<z.infer<typeof schema>>;

export const secretKind: Kind<Secret> = {
  group: '',
  versions: ['v1'],
  kind: 'Secret',
  plural: 'secrets',
  singular: 'secret',
  shortNames: [],
  namespaced: true,
  schema,
  validate: () => [],
  withDefaults: (secret) => ({ type: 'Opaque', ...secret }),
  columns: [
    { title: 'TYPE', value: ({ type }) => type ?? 'Opaque' },
    {
      title: 'DATA',
      value: ({ data, stringData }) => String(new Set(Object.keys({ ...data, ...stringData })).size),
    },
  ],
};

/** What stands under a key; plain text comes before what is encoded, as where Kubernetes stores it. */
export function secretValues({ data = {}, stringData = {} }: Secret): (key: string) => Uint8Array | undefined {
  const texts = new Map(Object.entries(stringData));
  const encoded = new Map(Object.entries(data));
  return (key) => {
    const text = texts.get(key);
    if (text !== undefined) return Buffer.from(text);
    const value = encoded.get(key);
    return value === undefined ? undefined : Buffer.from(value, 'base64');
  };
}
