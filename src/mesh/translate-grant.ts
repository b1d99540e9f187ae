// Namespace -> the hosts that its objects may claim for clients of other namespaces; undefined: none.
import { claimsAnnotation } from '../api/annotations.ts';
import { grantedHosts } from '../api/kinds/granted-hosts.ts';
import type { Namespace } from '../api/kinds/namespace.ts';

export function translateGrant({ metadata: { annotations } }: Namespace): readonly string[] | undefined {
  const hosts = grantedHosts(annotations?.[claimsAnnotation]).flatMap(({ host }) => host ?? []);
  return hosts.length === 0 ? undefined : hosts;
}
