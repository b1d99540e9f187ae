// What EgressPolicies leave of a host to the proxies of a scope, port by port. What is withheld has no cluster there, so that no
// rule of a VirtualService leads around it.
import { isHttp } from '../../api/protocol.ts';
import { type Access, accessOf, policiesOf } from '../../mesh/egress-policy/access.ts';
import { type EgressPolicy, egressPolicyOrigin } from '../../mesh/egress-policy/egress-policy.ts';
import { handlingOf } from '../../mesh/handling.ts';
import type { HostIndex } from '../../mesh/host-index.ts';
import type { ServicePort } from '../../mesh/service.ts';
import type { ProxyScope } from '../proxy-scope.ts';

/** Undefined: nothing of the mesh restricts it. */
export type HostAccess = (host: string, port: number) => Access | undefined;

export function hostAccessOf(policies: HostIndex<EgressPolicy>, scope: ProxyScope): HostAccess {
  return (host, port) => {
    const speaking = policiesOf(policies, host);
    return speaking.length === 0 ? undefined : accessOf(speaking, scope, host, port);
  };
}

/** The same on a port of the host that none of its policies opened for programs: which requests they would allow does not count. */
export function onOtherPorts(access: HostAccess): HostAccess {
  return (host, port) => {
    const found = access(host, port);
    return found === undefined || found.allowed === 'everything' ? found : { ...found, allowed: [] };
  };
}

/** The objects that say so. */
export function governorsOf(access: Access | undefined): readonly string[] {
  return access?.governing.map(egressPolicyOrigin) ?? [];
}

/** Whether requests are told apart by their paths, which must then be written in one way only. */
export function judgesPaths(access: Access | undefined): boolean {
  if (access === undefined || access.allowed === 'everything') return false;
  return access.allowed.some(({ requests }) => requests.paths !== undefined);
}

/** Whether a policy for the host does, whomever it allows them on whichever port. */
export function asksForPaths(policies: HostIndex<EgressPolicy>, host: string): boolean {
  return policiesOf(policies, host).some(({ requests }) => requests?.paths !== undefined);
}

/** What becomes of connections that nobody reads: `denied`, or let through and told of; undefined: they are allowed. */
export type Withheld = 'denied' | 'reported';

/** Of a port whose requests are not read; which of them would be allowed cannot be seen. */
export function withheldOf(access: Access | undefined): Withheld | undefined {
  if (access === undefined || access.allowed === 'everything') return undefined;
  return access.mode === 'enforce' ? 'denied' : 'reported';
}

/** Whether nothing at all may be sent to this port. */
export function isClosedTo(access: Access | undefined, { protocol }: ServicePort): boolean {
  if (withheldOf(access) !== 'denied' || access === undefined) return false;
  const reads = isHttp(protocol) || handlingOf(protocol) === 'auto';
  return !reads || access.allowed.length === 0;
}
