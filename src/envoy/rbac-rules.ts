// What a rule of Envoy's RBAC is made of: permissions (what is asked for) and principals (who asks). Envoy: config.rbac.v3.
// Invariant: texts are compared as they are, or by their beginning, end or a part; no text of an object becomes a regular
// expression.
import { create, type MessageInitShape } from '@bufbuild/protobuf';
import { anyOf } from './any.ts';
import {
  type Permission,
  PermissionSchema,
  type Principal,
  PrincipalSchema,
  RBAC_Action,
  type RBACSchema,
} from './gen/envoy/config/rbac/v3/rbac_pb.js';
import type { HeaderMatcherSchema } from './gen/envoy/config/route/v3/route_components_pb.js';
import { UriTemplateMatchConfigSchema } from './gen/envoy/extensions/path/match/uri_template/v3/uri_template_match_pb.js';
import { cidrRange } from './values.ts';

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
export type TextMatch = { readonly kind: 'exact' | 'prefix' | 'suffix' | 'contains'; readonly value: string };

export function matchText({ kind, value }: TextMatch, ignoreCase = false) {
  return { matchPattern: { case: kind, value }, ignoreCase } as const;
}

export function headerIs(name: string, match: TextMatch, ignoreCase = false): Permission {
  return header({ name, headerMatchSpecifier: { case: 'stringMatch', value: matchText(match, ignoreCase) } });
}

/** Whatever its value. */
export function headerHas(name: string): Permission {
  return header({ name, headerMatchSpecifier: { case: 'presentMatch', value: true } });
}

function header(value: MessageInitShape<typeof HeaderMatcherSchema>): Permission {
  return permission({ case: 'header', value });
}

const authority = ':authority';

export function authorityIs(match: TextMatch): Permission {
  return headerIs(authority, match, true);
}

/** What stands before the colon of a port; not those of an IPv6 address. */
const beforePort = '([^:]*|\\[[0-9A-Fa-f:.]*\\])';

/** One colon with nothing but digits behind it. */
export const authorityHasPort = authorityLike(`${beforePort}:[0-9]*`);

/** As Envoy reads a number that it dials: `080` and `+80` are 80. */
const portNumber = (digits: string) => authorityLike(`${beforePort}:[+]?0*(${digits})`);
const anyPortNumber = portNumber('[0-9]{1,4}|[1-5][0-9]{4}|6[0-4][0-9]{3}|65[0-4][0-9]{2}|655[0-2][0-9]|6553[0-5]');

/** What programs ask their proxy for; 80 where they write none, or what is none. */
export function portWritten(port: number): Permission {
  const written = portNumber(String(port));
  return port === 80 ? somePermission([written, notPermission(anyPortNumber)]) : written;
}

function authorityLike(regex: string): Permission {
  const value = { matchPattern: { case: 'safeRegex', value: { regex } } } as const;
  return header({ name: authority, headerMatchSpecifier: { case: 'stringMatch', value } });
}

/** Of the request's path, without its query. */
export function pathIs(match: TextMatch, ignoreCase = false): Permission {
  return permission({ case: 'urlPath', value: { rule: { case: 'path', value: matchText(match, ignoreCase) } } });
}

/** By a template with `{*}` for one part between slashes, and `{**}` for any number of them. */
export function pathLike(template: string): Permission {
  const typedConfig = anyOf(UriTemplateMatchConfigSchema, { pathTemplate: withOperators(template) });
  return permission({
    case: 'uriTemplate',
    value: { name: 'envoy.path.match.uri_template.uri_template_matcher', typedConfig },
  });
}

/** Envoy writes `*` and `**`. */
function withOperators(template: string): string {
  return template.replaceAll('{**}', '**').replaceAll('{*}', '*');
}

export function methodIs(method: string): Permission {
  return headerIs(':method', { kind: 'exact', value: method });
}

/** Of the connection as it came in. */
export function portIs(port: number): Permission {
  return permission({ case: 'destinationPort', value: port });
}

export function addressIs(range: string): Permission {
  return permission({ case: 'destinationIp', value: cidrRange(range) });
}

/** Of TLS; `present`: any that is there. */
export function sniIs(match: TextMatch | 'present'): Permission {
  if (match === 'present') return notPermission(sniIs({ kind: 'exact', value: '' }));
  return permission({ case: 'requestedServerName', value: matchText(match) });
}

/** By the names of the certificate that the caller showed. */
export function peerIs(match: TextMatch): Principal {
  return principal({ case: 'authenticated', value: { principalName: matchText(match) } });
}

/** By what an earlier listener or filter left. */
export function stateIs(key: string, match: TextMatch): Principal {
  return principal({
    case: 'filterState',
    value: { key, matcher: { case: 'stringMatch', value: matchText(match) } },
  });
}

/**
 * `direct`: of the connection itself. `handed-over`: of one that comes from inside Envoy, as its listener filter restored it, which
 * no header changes. `forwarded`: as trusted proxies before it tell.
 */
export function sourceIs(range: string, from: keyof typeof addressOf): Principal {
  return principal({ case: addressOf[from], value: cidrRange(range) });
}

const addressOf = { direct: 'directRemoteIp', 'handed-over': 'sourceIp', forwarded: 'remoteIp' } as const;
