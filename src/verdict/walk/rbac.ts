// What rules of Envoy's RBAC come to for a request or a connection. A condition that is not known here is an Untellable, never a
// yes or no.

import {
  type Permission,
  type Principal,
  type RBAC,
  RBAC_Action,
} from '../../envoy/gen/envoy/config/rbac/v3/rbac_pb.js';
import type { HeaderMatcher } from '../../envoy/gen/envoy/config/route/v3/route_components_pb.js';
import { UriTemplateMatchConfigSchema } from '../../envoy/gen/envoy/extensions/path/match/uri_template/v3/uri_template_match_pb.js';
import { UpstreamIpPortMatcherSchema } from '../../envoy/gen/envoy/extensions/rbac/matchers/upstream_ip_port/v3/upstream_ip_port_matcher_pb.js';
import { isInRange, type Place } from '../matching/address.ts';
import { knownText, testOf } from '../matching/text.ts';
import type { Questions } from '../questions.ts';
import { readAny } from '../reading/message.ts';
import { Untellable } from '../untellable.ts';
import type { Connection } from './connection.ts';
import { headerMatches } from './header-match.ts';
import { pathOnly, type Request } from './request.ts';

export interface Judged {
  readonly connection: Connection;
  /** Undefined: bytes alone are seen. */
  readonly request?: Request | undefined;
  /** Once it is chosen. */
  readonly upstream?: { readonly place: Place; readonly port: number } | undefined;
  readonly questions: Questions;
}

export interface RbacResult {
  readonly allowed: boolean;
  /** That matched. */
  readonly policy: string | undefined;
}

export function judgeRbac({ action, policies }: RBAC, judged: Judged): RbacResult {
  if (action !== RBAC_Action.ALLOW && action !== RBAC_Action.DENY) throw new Untellable(`an RBAC action ${action}`);
  const names = Object.keys(policies).sort();
  const policy = names.find((name) => {
    const { permissions = [], principals = [] } = policies[name] ?? {};
    return permissions.some((one) => isPermitted(one, judged)) && principals.some((one) => isPrincipal(one, judged));
  });
  return { allowed: (policy !== undefined) === (action === RBAC_Action.ALLOW), policy };
}

function isPermitted({ rule }: Permission, judged: Judged): boolean {
  const { connection, request, upstream, questions } = judged;
  switch (rule.case) {
    case 'any':
      return rule.value;
    case 'andRules':
      return rule.value.rules.every((one) => isPermitted(one, judged));
    case 'orRules':
      return rule.value.rules.some((one) => isPermitted(one, judged));
    case 'notRule':
      return !isPermitted(rule.value, judged);
    case 'header':
      return hasHeader(rule.value, judged);
    case 'urlPath': {
      const { rule: path } = rule.value;
      if (path.case !== 'path') throw new Untellable('a path that is matched by nothing');
      return request !== undefined && pathOnly(request.path).matches(testOf(path.value));
    }
    case 'uriTemplate': {
      const config = readAny(UriTemplateMatchConfigSchema, rule.value.typedConfig);
      if (config === undefined) throw new Untellable(`a path that is matched by ${rule.value.name}`);
      const value = templateRegex(config.pathTemplate);
      return request !== undefined && pathOnly(request.path).matches({ kind: 'regex', value });
    }
    case 'destinationPort':
      return connection.port === rule.value;
    case 'destinationIp':
      return isInRange(connection.place, rule.value, questions);
    case 'requestedServerName':
      return knownText('its SNI', connection.sni).matches(testOf(rule.value));
    case 'matcher': {
      const config = readAny(UpstreamIpPortMatcherSchema, rule.value.typedConfig);
      if (config === undefined) throw new Untellable(`a permission ${rule.value.name}`);
      if (upstream === undefined) return false;
      const { upstreamIp, upstreamPortRange } = config;
      if (upstreamPortRange !== undefined) {
        const { start, end } = upstreamPortRange;
        if (BigInt(upstream.port) < start || BigInt(upstream.port) >= end) return false;
      }
      return upstreamIp === undefined || isInRange(upstream.place, upstreamIp, questions);
    }
    default:
      throw new Untellable(`a permission ${rule.case}`);
  }
}

function hasHeader(matcher: HeaderMatcher, { request }: Judged): boolean {
  return request !== undefined && headerMatches(matcher, request);
}

function isPrincipal({ identifier }: Principal, judged: Judged): boolean {
  const { connection, questions } = judged;
  switch (identifier.case) {
    case 'any':
      return identifier.value;
    case 'andIds':
      return identifier.value.ids.every((one) => isPrincipal(one, judged));
    case 'orIds':
      return identifier.value.ids.some((one) => isPrincipal(one, judged));
    case 'notId':
      return !isPrincipal(identifier.value, judged);
    case 'authenticated': {
      const { principalName } = identifier.value;
      if (connection.peer === undefined) return false;
      return principalName === undefined || knownText('its caller', connection.peer).matches(testOf(principalName));
    }
    case 'filterState': {
      const { key, matcher } = identifier.value;
      if (matcher.case !== 'stringMatch') throw new Untellable(`filter state that is matched by ${matcher.case}`);
      const value = connection.state.get(key);
      return value !== undefined && knownText(key, value).matches(testOf(matcher.value));
    }
    case 'directRemoteIp':
    case 'remoteIp': {
      if (connection.source !== undefined) {
        return isInRange({ subject: 'its source', address: connection.source }, identifier.value, questions);
      }
      const { addressPrefix, prefixLen } = identifier.value;
      const range = `${addressPrefix}/${prefixLen}`;
      return questions.holds(`it comes from ${range}`, `it does not come from ${range}`);
    }
    default:
      throw new Untellable(`a principal ${identifier.case}`);
  }
}

/** `*` stands for one part between slashes, `**` for any number of them. */
function templateRegex(template: string): string {
  const parts = template.split('/').map((part) => {
    if (part === '**') return '.*';
    return part === '*' ? '[^/]+' : part.replaceAll(/[.+?()[\]$^|\\{}]/g, '\\$&');
  });
  return parts.join('/');
}
