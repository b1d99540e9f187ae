// Envoy's RBAC in small, for tests: what its rules come to for one request or connection. A matcher that it does not know is an
// error, never a yes or no.

import { BlockList, isIPv6 } from 'node:net';
import { fromBinary } from '@bufbuild/protobuf';
import type { HeaderMatcher } from '../../../envoy/gen/envoy/config/route/v3/route_components_pb.js';
import { UriTemplateMatchConfigSchema } from '../../../envoy/gen/envoy/extensions/path/match/uri_template/v3/uri_template_match_pb.js';
import type { StringMatcher } from '../../../envoy/gen/envoy/type/matcher/v3/string_pb.js';
import type { Permission, Principal, RbacRules } from '../../../envoy/rbac-rules.ts';
import type { AuthorizationRules } from '../rules.ts';

export interface Asked {
  /** Names in the caller's certificate; none without mTLS. */
  readonly peer?: string;
  readonly source?: string;
  readonly address?: string;
  readonly port?: number;
  readonly sni?: string;
  /** With `:authority`, `:method` and `:path`; undefined: no request can be seen. */
  readonly headers?: Readonly<Record<string, string>>;
}

export function judge({ deny, allow }: AuthorizationRules, asked: Asked): 'allow' | 'deny' {
  if (deny !== undefined && matchesAny(deny, asked)) return 'deny';
  return allow === undefined || matchesAny(allow, asked) ? 'allow' : 'deny';
}

function matchesAny({ policies }: RbacRules, asked: Asked): boolean {
  return Object.values(policies).some(
    ({ permissions, principals }) =>
      permissions.some((one) => isPermitted(one, asked)) && principals.some((one) => isPrincipal(one, asked)),
  );
}

function isPermitted({ rule }: Permission, asked: Asked): boolean {
  switch (rule.case) {
    case 'any':
      return rule.value;
    case 'andRules':
      return rule.value.rules.every((one) => isPermitted(one, asked));
    case 'orRules':
      return rule.value.rules.some((one) => isPermitted(one, asked));
    case 'notRule':
      return !isPermitted(rule.value, asked);
    case 'header':
      return hasHeader(rule.value, asked);
    case 'urlPath':
      return rule.value.rule.case === 'path' && isText(rule.value.rule.value, pathOf(asked));
    case 'uriTemplate': {
      const { typedConfig } = rule.value;
      const { pathTemplate } = fromBinary(UriTemplateMatchConfigSchema, typedConfig?.value ?? new Uint8Array());
      return templateRegex(pathTemplate).test(pathOf(asked));
    }
    case 'destinationPort':
      return asked.port === rule.value;
    case 'destinationIp':
      return isWithin(asked.address, rule.value);
    case 'requestedServerName':
      return isText(rule.value, asked.sni ?? '');
    default:
      throw new Error(`no such permission is built: ${rule.case}`);
  }
}

function isPrincipal({ identifier }: Principal, asked: Asked): boolean {
  switch (identifier.case) {
    case 'any':
      return identifier.value;
    case 'andIds':
      return identifier.value.ids.every((one) => isPrincipal(one, asked));
    case 'orIds':
      return identifier.value.ids.some((one) => isPrincipal(one, asked));
    case 'notId':
      return !isPrincipal(identifier.value, asked);
    case 'authenticated':
      return asked.peer !== undefined && isText(identifier.value.principalName, asked.peer);
    case 'directRemoteIp':
    case 'sourceIp':
    case 'remoteIp':
      return isWithin(asked.source, identifier.value);
    default:
      throw new Error(`no such principal is built: ${identifier.case}`);
  }
}

function hasHeader({ name, headerMatchSpecifier }: HeaderMatcher, { headers = {} }: Asked): boolean {
  const value = headers[name];
  if (value === undefined) return false;
  return headerMatchSpecifier.case === 'presentMatch' || isText(headerMatchSpecifier.value, value);
}

function isText(matcher: unknown, text: string): boolean {
  const { matchPattern, ignoreCase } = matcher as StringMatcher;
  const [value, given] = ignoreCase
    ? [text.toLowerCase(), String(matchPattern.value).toLowerCase()]
    : [text, matchPattern.value];
  switch (matchPattern.case) {
    case 'exact':
      return value === given;
    case 'prefix':
      return value.startsWith(String(given));
    case 'suffix':
      return value.endsWith(String(given));
    case 'contains':
      return value.includes(String(given));
    case 'safeRegex':
      return new RegExp(`^(?:${matchPattern.value.regex})$`).test(text);
    default:
      throw new Error(`no such comparison is built: ${matchPattern.case}`);
  }
}

function pathOf({ headers = {} }: Asked): string {
  return (headers[':path'] ?? '').replace(/[?#].*$/, '');
}

function templateRegex(template: string): RegExp {
  const parts = template.split('/').map((part) => {
    if (part === '**') return '.*';
    return part === '*' ? '[^/]+' : part.replaceAll(/[.+()[\]$^|\\]/g, '\\$&');
  });
  return new RegExp(`^${parts.join('/')}$`);
}

function isWithin(
  address: string | undefined,
  range: { addressPrefix: string; prefixLen?: number | undefined },
): boolean {
  if (address === undefined) return false;
  const family = (text: string) => (isIPv6(text) ? 'ipv6' : 'ipv4');
  const list = new BlockList();
  list.addSubnet(range.addressPrefix, range.prefixLen ?? 0, family(range.addressPrefix));
  return list.check(address, family(address));
}
