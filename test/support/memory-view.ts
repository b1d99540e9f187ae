// A view whose resources a test sets by hand, and a provider that gives the same one to every proxy.
import { createHash } from 'node:crypto';
import type { DescMessage, MessageInitShape } from '@bufbuild/protobuf';
import { create, toBinary } from '@bufbuild/protobuf';
import {
  type ProxyIdentity,
  type Resource,
  type TypeDelta,
  type TypeUrl,
  typeUrls,
  type View,
  type ViewDelta,
  type ViewProvider,
} from '../../src/discovery/view.ts';

/** By type: the resources to add or replace, and the names to take away. */
export type ViewChange = Readonly<
  Partial<Record<keyof typeof typeUrls, { readonly set?: readonly Resource[]; readonly remove?: readonly string[] }>>
>;

export interface MemoryView extends View {
  /** One change, one generation. */
  change(change: ViewChange): void;
  /** How many listen: none once all streams are gone. */
  readonly listeners: number;
}

export function createMemoryView(key = 'memory'): MemoryView {
  const types = new Map<TypeUrl, Map<string, Resource>>(Object.values(typeUrls).map((type) => [type, new Map()]));
  const listeners = new Set<(delta: ViewDelta) => void>();
  let generation = 1;
  return {
    key,
    get generation() {
      return generation;
    },
    get listeners() {
      return listeners.size;
    },
    resources: (type) => types.get(type) ?? new Map(),
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    change(change) {
      const deltas = new Map<TypeUrl, TypeDelta>();
      for (const key of Object.keys(typeUrls).filter((key): key is keyof typeof typeUrls => key in change)) {
        const { set = [], remove = [] } = change[key] ?? {};
        const resources = types.get(typeUrls[key]);
        for (const resource of set) resources?.set(resource.name, resource);
        for (const name of remove) resources?.delete(name);
        deltas.set(typeUrls[key], { updated: set, removed: remove });
      }
      generation += 1;
      for (const listener of listeners) listener({ generation, types: deltas });
    },
  };
}

export function memoryViews(view: View, ready: Promise<void> = Promise.resolve()): ViewProvider {
  return { ready, viewFor: () => view };
}

/** A resource of the message, its version a hash of the content. */
export function resourceOf<Desc extends DescMessage>(
  schema: Desc,
  name: string,
  init: MessageInitShape<Desc>,
  options: { readonly vhds?: boolean; readonly origins?: readonly string[] } = {},
): Resource {
  const bytes = toBinary(schema, create(schema, init));
  const version = createHash('sha256').update(bytes).digest('base64url').slice(0, 16);
  const { vhds, origins = [`Test/default/${name}`] } = options;
  return { name, version, bytes, origins, ...(vhds === undefined ? {} : { vhds }) };
}

/** A resource for tests that never decode it: its content is the version. */
export function opaque(name: string, version = '1', options: { readonly vhds?: boolean } = {}): Resource {
  return { name, version, bytes: Buffer.from(version), origins: [`Test/default/${name}`], ...options };
}

export function testProxy(name: string, namespace = 'default'): ProxyIdentity {
  return {
    namespace,
    name,
    workload: name,
    serviceAccount: 'default',
    labels: {},
    type: 'sidecar',
    nodeId: `sidecar~10.0.0.1~${name}.${namespace}~${namespace}.svc.cluster.local`,
  };
}
