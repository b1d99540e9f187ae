// A change of one object that may let an attempt out; whether it does is for a verdict to say.
import { type KubeObject, keyOf, resourceName } from '../../api/object.ts';
import type { ProxyIdentity } from '../../discovery/view.ts';
import type { Attempt } from '../../verdict/attempt.ts';
import type { End, Hop } from '../../verdict/verdict.ts';
import type { World } from '../../verdict/world.ts';

export interface Candidate {
  /** For people: `add the namespace shop to exportTo of ServiceEntry/pay/api`. */
  readonly summary: string;
  /** As it is to be applied. */
  readonly object: KubeObject;
}

/** An attempt that is stopped, and where. */
export interface Stopped {
  readonly world: World;
  readonly caller: ProxyIdentity;
  readonly attempt: Attempt;
  readonly hops: readonly Hop[];
  readonly end: Extract<End, { readonly kind: 'refused' | 'unanswered' }>;
  /** By its resource name, `ServiceEntry/default/api`. */
  object(resource: string): KubeObject | undefined;
}

/** With another spec; what the server alone writes is left out. */
export function withSpec({ apiVersion, kind, metadata }: KubeObject, spec: unknown): KubeObject {
  const { name, namespace, labels, annotations } = metadata;
  return {
    apiVersion,
    kind,
    metadata: {
      name,
      ...(namespace === undefined ? {} : { namespace }),
      ...(labels === undefined ? {} : { labels }),
      ...(annotations === undefined ? {} : { annotations }),
    },
    spec,
  };
}

export function nameOf(object: KubeObject): string {
  return resourceName(keyOf(object));
}
