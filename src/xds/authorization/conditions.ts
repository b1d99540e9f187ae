// A condition of a rule as Envoy judges it, where traffic of a kind is judged. What cannot be seen there never allows; of a
// rule that denies it is left out, which denies more rather than less (Istio: security/authz/model checkError).

import { isWildcardHost } from '../../api/host-name.ts';
import { isPathTemplate } from '../../api/kinds/authorization-policy-values.ts';
import {
  addressIs,
  headerHas,
  headerIs,
  type Permission,
  type Principal,
  pathIs,
  pathLike,
  portIs,
  portWritten,
  sniIs,
  somePermission,
  sourceIs,
} from '../../envoy/rbac-rules.ts';
import type { Condition } from '../../mesh/authorization-policy.ts';
import { type Caller, namespaceTerm, principalTerm, serviceAccountTerm } from './callers.ts';
import { authorityTerm, sniTerm } from './hosts.ts';
import { isMatch, patternOf } from './patterns.ts';
import type { Term } from './terms.ts';

/** Where traffic is judged, and what is known of it there. */
export interface Judging {
  /** `connect`: of a request for a connection, its authority alone. `server-name`: of TLS that is passed on, its SNI. */
  readonly reads: 'requests' | 'connect' | 'server-name' | 'nothing';
  /** Hosts of rules name what is asked for in TLS too. Istio: never; here: where a workload's own traffic is judged. */
  readonly hostsOfTls: boolean;
  /** Undefined: as the connection says; `authority`: what programs asked their proxy for. */
  readonly port: number | 'authority' | undefined;
  /** Whether the connection's local address is the one that the caller connected to. */
  readonly seesAddress: boolean;
  /** Of connections that name no host: the one that they are for. */
  readonly host?: string;
  readonly caller: Caller;
  /** Connections come from another listener of the proxy, which tells whose they are. */
  readonly handedOver: boolean;
  readonly trustDomain: string;
}

/** Undefined: it cannot be seen. */
export type ValueTerm<Matcher> = ((value: string, width: 'wide' | 'narrow') => Term<Matcher>) | undefined;

export function isOfSource({ attribute }: Condition): boolean {
  return attribute.startsWith('source.') || attribute === 'remote.ip';
}

export function sourceTerm(
  { attribute }: Condition,
  { caller, handedOver, trustDomain }: Judging,
): ValueTerm<Principal> {
  switch (attribute) {
    case 'source.principal':
      return (value) => principalTerm(value, caller, trustDomain);
    case 'source.namespace':
      return (value) => namespaceTerm(value, caller, trustDomain);
    case 'source.serviceAccount':
      return (value) => serviceAccountTerm(value, caller, trustDomain);
    case 'source.ip':
    case 'remote.ip': {
      if (caller.kind === 'workload') return undefined;
      const from = attribute === 'remote.ip' ? 'forwarded' : handedOver ? 'handed-over' : 'direct';
      return (value) => sourceIs(value, from);
    }
    default:
      return undefined;
  }
}

export function operationTerm({ attribute, header }: Condition, judging: Judging): ValueTerm<Permission> {
  const { reads, hostsOfTls, port, host } = judging;
  if (attribute === 'destination.port') return (value) => portTerm(Number(value), port);
  if (attribute === 'destination.ip') return judging.seesAddress ? addressIs : undefined;
  if (attribute === 'connection.sni') return reads === 'nothing' || reads === 'connect' ? undefined : sniTerm;
  if (attribute === 'request.host') {
    if (reads === 'requests' || reads === 'connect') return authorityTerm;
    if (reads === 'nothing' && host !== undefined) return (value, width) => isHost(host, value, width);
    return reads === 'server-name' && hostsOfTls ? hostInSni : undefined;
  }
  if (reads !== 'requests') return undefined;
  if (attribute === 'request.method') return (value) => textTerm(value, ':method');
  if (attribute === 'request.headers' && header !== undefined) return (value) => textTerm(value, header);
  return attribute === 'request.path' ? pathTerm : undefined;
}

/** Of bytes to what a wildcard registers nobody knows which of its hosts they are for: any that is denied may be. */
function isHost(host: string, value: string, width: 'wide' | 'narrow'): boolean {
  return isMatch(host, value) || (width === 'wide' && isWildcardHost(host) && isMatch(value, host));
}

/** `*` is every connection here, as it is every request in HTTP. What names no host may be for any. */
function hostInSni(value: string, width: 'wide' | 'narrow'): Term<Permission> {
  if (value === '*') return true;
  return width === 'narrow' ? sniTerm(value, width) : somePermission([sniTerm(value, width), noSni]);
}

const noSni = sniIs({ kind: 'exact', value: '' });

function portTerm(asked: number, port: Judging['port']): Term<Permission> {
  if (port === undefined) return portIs(asked);
  return port === 'authority' ? portWritten(asked) : port === asked;
}

function textTerm(value: string, header: string): Term<Permission> {
  const pattern = patternOf(value);
  return pattern === 'present' ? headerHas(header) : headerIs(header, pattern);
}

function pathTerm(value: string): Term<Permission> {
  if (isPathTemplate(value)) return pathLike(value);
  const pattern = patternOf(value);
  return pattern === 'present' ? true : pathIs(pattern);
}
