// What a rule of Envoy's RBAC is made of: permissions (what is asked for) and principals (who asks). Envoy: config.rbac.v3.
// Invariant: texts are compared as they are, or by their beginning or end; nothing becomes a regular expression.
import { create, type MessageInitShape } from '@bufbuild/protobuf';
import {
  type Permission,
  PermissionSchema,
  type Principal,
  PrincipalSchema,
  RBAC_Action,
  type RBACSchema,
} from './gen/envoy/config/rbac/v3/rbac_pb.js';
import type { HeaderMatcherSchema } from './gen/envoy/config/route/v3/route_components_pb.js';

export type { Permission, Principal } from './gen/envoy/config/rbac/v3/rbac_pb.js';

export interface RbacPolicy {
  /** Any of them. */
  readonly permissions: readonly Permission[];
  /** And any of them. */
  readonly principals: readonly Principal[];
}

export interface RbacRules {
  /** `allow`: what no policy matches is denied; without a policy that is everything. */
  readonly action: 'allow' | 'deny';
  /** By the name that response details and logs tell: `rbac_access_denied_matched_policy[name]`. */
  readonly policies: Readonly<Record<string, RbacPolicy>>;
}

export function buildRules({ action, policies }: RbacRules): MessageInitShape<typeof RBACSchema> {
  return {
    action: action === 'deny' ? RBAC_Action.DENY : RBAC_Action.ALLOW,
    policies: Object.fromEntries(
      Object.entries(policies).map(([name, { permissions, principals }]) => [
        name,
        { permissions: [...permissions], principals: [...principals] },
      ]),
    ),
  };
}

type PermissionRule = NonNullable<MessageInitShape<typeof PermissionSchema>['rule']>;
type PrincipalIdentifier = NonNullable<MessageInitShape<typeof PrincipalSchema>['identifier']>;

export function permission(rule: PermissionRule): Permission {
  return create(PermissionSchema, { rule });
}

export function principal(identifier: PrincipalIdentifier): Principal {
  return create(PrincipalSchema, { identifier });
}

export const anyPermission = permission({ case: 'any', value: true });
export const anyPrincipal = principal({ case: 'any', value: true });

export function eachPermission(rules: readonly Permission[]): Permission {
  const [only] = rules;
  if (rules.length === 1 && only !== undefined) return only;
  return rules.length === 0 ? anyPermission : permission({ case: 'andRules', value: { rules: [...rules] } });
}

/** Of none: none. */
export function somePermission(rules: readonly Permission[]): Permission {
  const [only] = rules;
  if (rules.length === 1 && only !== undefined) return only;
  return rules.length === 0
    ? permission({ case: 'notRule', value: anyPermission })
    : permission({ case: 'orRules', value: { rules: [...rules] } });
}

export function notPermission(rule: Permission): Permission {
  return permission({ case: 'notRule', value: rule });
}

export function eachPrincipal(ids: readonly Principal[]): Principal {
  const [only] = ids;
  if (ids.length === 1 && only !== undefined) return only;
  return ids.length === 0 ? anyPrincipal : principal({ case: 'andIds', value: { ids: [...ids] } });
}

/** Of none: nobody. */
export function somePrincipal(ids: readonly Principal[]): Principal {
  const [only] = ids;
  if (ids.length === 1 && only !== undefined) return only;
  return ids.length === 0
    ? principal({ case: 'notId', value: anyPrincipal })
    : principal({ case: 'orIds', value: { ids: [...ids] } });
}

export function notPrincipal(id: Principal): Principal {
  return principal({ case: 'notId', value: id });
}

/** How a text is compared. */
export type TextMatch = { readonly kind: 'exact' | 'prefix' | 'suffix'; readonly value: string };

export function matchText({ kind, value }: TextMatch, ignoreCase = false) {
  return { matchPattern: { case: kind, value }, ignoreCase } as const;
}

export function headerIs(
  name: string,
  match: TextMatch,
  ignoreCase = false,
): MessageInitShape<typeof HeaderMatcherSchema> {
  return { name, headerMatchSpecifier: { case: 'stringMatch', value: matchText(match, ignoreCase) } };
}

/** Of the request's path, without its query. */
export function pathIs(match: TextMatch): Permission {
  return permission({ case: 'urlPath', value: { rule: { case: 'path', value: matchText(match) } } });
}

export function methodIs(method: string): Permission {
  return permission({ case: 'header', value: headerIs(':method', { kind: 'exact', value: method }) });
}
