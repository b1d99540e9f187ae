// The Host that a destination is asked with (contract line 23).
import { isWildcardHost } from '../../api/host-name.ts';
import type { HttpDestination, HttpRule } from '../../mesh/virtual-service.ts';
import type { FoundDestination } from './routing.ts';

/**
 * Undefined: the one that the caller sent.
 * Istio: stays the caller's unless something says otherwise, and no external host answers to another's name; here: where
 * the destination is an external host of another name, its own.
 */
export function authorityOf(
  { headers, destination, service }: HttpDestination & FoundDestination,
  { keepsAuthority }: HttpRule,
  asked: string,
): string | undefined {
  if (headers.request.authority !== undefined) return headers.request.authority;
  const isOther = destination.host !== asked && !isWildcardHost(destination.host);
  return service?.external === true && service.source === 'ServiceEntry' && isOther && !keepsAuthority
    ? destination.host
    : undefined;
}
