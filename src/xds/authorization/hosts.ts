// How a rule's hosts are compared with what a caller wrote. Hosts have no case, may end in a dot and may have a port, and none of
// it makes another host (Istio: only the case); what a caller wrote behind the colon is not believed to be a port.
// Invariant: `wide` takes at least what `narrow` takes. A rule that denies is wide, one that allows is narrow.
import {
  authorityHasPort,
  authorityIs,
  eachPermission,
  type Permission,
  sniIs,
  somePermission,
} from '../../envoy/rbac-rules.ts';
import { patternOf } from './patterns.ts';
import type { Term } from './terms.ts';

export function authorityTerm(value: string, width: 'wide' | 'narrow'): Term<Permission> {
  const pattern = patternOf(value.includes(':') ? `[${value}]` : value);
  if (pattern === 'present') return true;
  const { kind, value: host } = pattern;
  if (kind === 'prefix') return authorityIs(pattern);
  const withPort = (name: string) => {
    const begins = authorityIs({ kind: kind === 'exact' ? 'prefix' : 'contains', value: `${name}:` });
    return width === 'wide' ? begins : eachPermission([begins, authorityHasPort]);
  };
  return somePermission([
    authorityIs(pattern),
    authorityIs({ kind, value: `${host}.` }),
    withPort(host),
    withPort(`${host}.`),
  ]);
}

/** Envoy has put it into lower case; servers take one with a dot at its end for the same. */
export function sniTerm(value: string, width: 'wide' | 'narrow'): Permission {
  const pattern = patternOf(value);
  if (pattern === 'present') return sniIs('present');
  const { kind, value: name } = pattern;
  if (width === 'narrow' || kind === 'prefix') return sniIs(pattern);
  return somePermission([sniIs(pattern), sniIs({ kind, value: `${name}.` })]);
}
