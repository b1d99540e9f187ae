// Hosts that somebody routes with a VirtualService: no EgressPolicy of the same namespace is applied to them, nor one at all where
// the VirtualService is of the root namespace, since two routings of one host would be a riddle.
import { rootNamespace } from '../../api/root-namespace.ts';
import type { VirtualService } from '../virtual-service.ts';

/** Those of the VirtualServices of a host that take it from policies of the namespace. */
export function takersOf(virtualServices: readonly VirtualService[], namespace: string): readonly VirtualService[] {
  return virtualServices.filter(
    (rule) => rule.madeBy === undefined && (rule.namespace === namespace || rule.namespace === rootNamespace),
  );
}
