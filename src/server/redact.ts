// Keeps secrets out of answers. Private keys in a proxy's configuration are never shown; the data of a Secret is
// shown only to whom the Unix socket trusts. Invariant: the shape stays, only values are replaced.
import type { KubeObject } from '../api/object.ts';
import type { ProxyResource } from './wire.ts';

const hidden = '[redacted]';
const secretFields = new Set(['privateKey', 'password', 'sessionTicketKeys', 'genericSecret', 'pkcs12']);

/** A secret resource of xDS without what must not be seen. */
export function redactResource(resource: ProxyResource): ProxyResource {
  return { ...resource, json: redactFields(resource.json) };
}

/** An object as a reader over TCP gets it. Annotations go too: kubectl writes a copy of the data into one. */
export function redactObject(object: KubeObject): KubeObject {
  if (object.kind !== 'Secret') return object;
  const { annotations: _, ...metadata } = object.metadata;
  const data = Object.keys(object.data ?? {}).map((key) => [key, hidden]);
  return { ...object, metadata, data: Object.fromEntries(data) };
}

function redactFields(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(redactFields);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [key, secretFields.has(key) ? hidden : redactFields(item)]),
  );
}
