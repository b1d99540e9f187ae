// What programs ask their proxy for (proxy capture): requests with a whole URL are judged as requests, CONNECT by the host and port
// that it names. What is inside of a CONNECT that a listener looks into is judged there instead, where more is seen.
import type { Any } from '@bufbuild/protobuf/wkt';
import { rbacOnRoute } from '../../envoy/rbac.ts';
import {
  anyPrincipal,
  eachPermission,
  methodIs,
  notPermission,
  type Permission,
  type RbacPolicy,
} from '../../envoy/rbac-rules.ts';
import type { ProxySettings } from '../../mesh/proxy-settings.ts';
import { filterNames, type HttpAuthorization, requestsUnder } from './filters.ts';
import { type AuthorizationRules, buildAuthorizationRules } from './rules.ts';
import { outboundSide } from './sides.ts';

const isConnect = methodIs('CONNECT');

export function authorizeAsked(config: ProxySettings): HttpAuthorization {
  const rules = (reads: 'requests' | 'connect') =>
    buildAuthorizationRules(outboundSide(config, { reads, port: 'authority', capture: 'proxy' }));
  return requestsUnder(config.authorization?.outbound ?? [], together(rules('requests'), rules('connect')));
}

/** For a route of CONNECT whose connection is judged by another listener. */
export function judgedElsewhere({ authorization }: ProxySettings): Readonly<Record<string, Any>> {
  if (authorization === undefined || authorization.outbound.length === 0) return {};
  return { ...rbacOnRoute(filterNames.deny, {}), ...rbacOnRoute(filterNames.allow, {}) };
}

function together(requests: AuthorizationRules, connects: AuthorizationRules): AuthorizationRules {
  const denied = merged(requests.deny?.policies ?? {}, connects.deny?.policies ?? {});
  const allowed = merged(
    requests.allow === undefined ? everything : requests.allow.policies,
    connects.allow === undefined ? everything : connects.allow.policies,
  );
  return {
    ...(Object.keys(denied).length === 0 ? {} : { deny: { action: 'deny', policies: denied } }),
    ...(requests.allow === undefined && connects.allow === undefined
      ? {}
      : { allow: { action: 'allow', policies: allowed } }),
  };
}

type Policies = Readonly<Record<string, RbacPolicy>>;

const everything: Policies = { everything: { permissions: [eachPermission([])], principals: [anyPrincipal] } };

/** Who asks is known, so that principals are all the same. */
function merged(requests: Policies, connects: Policies): Policies {
  const names = [...new Set([...Object.keys(requests), ...Object.keys(connects)])].sort();
  return Object.fromEntries(
    names.map((name) => {
      const permissions = [...within(requests[name], notPermission(isConnect)), ...within(connects[name], isConnect)];
      return [name, { permissions, principals: [anyPrincipal] }];
    }),
  );
}

function within(policy: RbacPolicy | undefined, kind: Permission): readonly Permission[] {
  return (policy?.permissions ?? []).map((permission) => eachPermission([kind, permission]));
}
