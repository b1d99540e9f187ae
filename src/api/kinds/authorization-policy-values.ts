// What the values of an AuthorizationPolicy's rules may be. Istio takes a text that can never match; here it is refused, since a
// DENY rule that never matches leaves something open.
import { isDnsLabel, isDnsSubdomain } from '../dns-name.ts';
import { type FieldPath, problem } from '../finding.ts';
import { normalizeHost } from '../host-name.ts';
import { parseIpRange } from '../ip-range.ts';
import type { Finding } from '../kind.ts';
import { shorten } from '../schema-messages.ts';

/** What a rule can ask of a request or connection. `token`: of a JWT, which nobody reads here. */
export type Attribute =
  | 'source.principal'
  | 'source.namespace'
  | 'source.serviceAccount'
  | 'source.ip'
  | 'remote.ip'
  | 'request.host'
  | 'request.method'
  | 'request.path'
  | 'request.headers'
  | 'destination.ip'
  | 'destination.port'
  | 'connection.sni'
  | 'token';

/** Where lists of values stand in a source, and where in an operation; with `not` before the name the negated ones. */
export const sourceAttributes = {
  principals: 'source.principal',
  requestPrincipals: 'token',
  namespaces: 'source.namespace',
  serviceAccounts: 'source.serviceAccount',
  ipBlocks: 'source.ip',
  remoteIpBlocks: 'remote.ip',
} as const;

export const operationAttributes = {
  hosts: 'request.host',
  ports: 'destination.port',
  methods: 'request.method',
  paths: 'request.path',
} as const;

const plainKeys = [
  'source.ip',
  'remote.ip',
  'source.namespace',
  'source.principal',
  'source.serviceAccount',
  'destination.ip',
  'destination.port',
  'connection.sni',
] as const;

export const conditionKeys = ['request.headers[name]', ...plainKeys] as const;

const headerKey = /^request\.headers\[([!#$%&'*+.^_`|~0-9A-Za-z-]+)\]$/;
const tokenKey = /^request\.auth\./;

/** What the key of a `when` asks for, with the header's name in lower case; undefined: nobody knows it. */
export function attributeOfKey(key: string): { readonly attribute: Attribute; readonly header?: string } | undefined {
  const plain = plainKeys.find((known) => known === key);
  if (plain !== undefined) return { attribute: plain };
  const [, header] = headerKey.exec(key) ?? [];
  if (header !== undefined) return { attribute: 'request.headers', header: header.toLowerCase() };
  return tokenKey.test(key) ? { attribute: 'token' } : undefined;
}

/** `{*}` and `{**}` stand for parts of a path. */
export function isPathTemplate(path: string): boolean {
  return path.includes('{') || path.includes('}');
}

/** `namespace/name`; a bare name is of the policy's own namespace. */
export function serviceAccountOf(value: string, namespace: string) {
  const slash = value.indexOf('/');
  return slash < 0 ? { namespace, name: value } : { namespace: value.slice(0, slash), name: value.slice(slash + 1) };
}

export function* checkValue(attribute: Attribute, value: string, path: FieldPath): Iterable<Finding> {
  const mistake = value === '' ? { what: 'is empty', hint: 'write a value' } : mistakeIn(attribute, value);
  if (mistake === undefined) return;
  yield problem('SP1804', path, `${value === '' ? 'the value' : shorten(value)} ${mistake.what}`, mistake.hint);
}

interface Mistake {
  readonly what: string;
  readonly hint: string;
}

function mistakeIn(attribute: Attribute, value: string): Mistake | undefined {
  switch (attribute) {
    case 'source.principal':
      return value.includes('://')
        ? {
            what: 'has a scheme, which principals are written without',
            hint: `write ${shorten(value.replace(/^.*:\/\//, ''))}`,
          }
        : misplacedStar(value);
    case 'source.namespace':
      return misplacedStar(value) ?? (value.includes('*') || isDnsLabel(value) ? undefined : noName);
    case 'source.serviceAccount': {
      const { namespace, name } = serviceAccountOf(value, 'default');
      return isDnsLabel(namespace) && isDnsSubdomain(name)
        ? undefined
        : { what: 'is no service account', hint: 'write name, or namespace/name; patterns are not taken here' };
    }
    case 'source.ip':
    case 'remote.ip':
    case 'destination.ip':
      return parseIpRange(value) === undefined
        ? { what: 'is neither an address nor a range', hint: 'write it as in 192.0.2.0/24' }
        : undefined;
    case 'destination.port':
      return /^\d{1,5}$/.test(value) && Number(value) >= 1 && Number(value) <= 65535
        ? undefined
        : { what: 'is not a port in the range 1..65535', hint: "write a number in quotes, as in '8080'" };
    case 'request.method':
      return misplacedStar(value) ?? methodMistake(value);
    case 'request.path':
      return isPathTemplate(value) ? templateMistake(value) : (misplacedStar(value) ?? pathMistake(value));
    case 'request.host':
      return misplacedStar(value) ?? hostMistake(value);
    default:
      return misplacedStar(value);
  }
}

const noName: Mistake = { what: 'is no name of a namespace', hint: 'write the name of a namespace' };

/** `a*`, `*a` and `*` are patterns; anywhere else Istio takes the star for itself, and it never matches. */
function misplacedStar(value: string): Mistake | undefined {
  const stars = value.split('*').length - 1;
  if (stars === 0 || (stars === 1 && (value.startsWith('*') || value.endsWith('*')))) return undefined;
  return { what: "has a '*' that is no pattern", hint: "put one '*' at the beginning or at the end" };
}

function methodMistake(value: string): Mistake | undefined {
  if (/^[*A-Z][*A-Z-]*$/.test(value)) return undefined;
  return { what: 'is not a method', hint: 'write it in upper case, as in GET' };
}

function pathMistake(value: string): Mistake | undefined {
  if (!/[?#\s]/.test(value) && (value.startsWith('/') || value.startsWith('*'))) return undefined;
  return { what: 'is not a path', hint: "write '/v1/charges', or '/v1/*' for all below; no query" };
}

function templateMistake(value: string): Mistake | undefined {
  const segments = value.split('/');
  const operators = segments.filter(isPathTemplate);
  const wellFormed =
    value.startsWith('/') &&
    !/[?#\s]/.test(value) &&
    operators.every((segment) => ['{*}', '{**}'].includes(segment)) &&
    !operators.slice(0, -1).includes('{**}') &&
    operators.length <= 5 &&
    segments.every((segment) => operators.includes(segment) || !segment.includes('*'));
  if (wellFormed) return undefined;
  const hint = "write {*} for one part between slashes, {**} last for any number; no other '*'";
  return { what: 'is not a template of paths', hint };
}

function hostMistake(value: string): Mistake | undefined {
  if (value === '*' || normalizeHost(value) !== undefined) return undefined;
  const bare = value.replace(/:\d+$/, '');
  if (bare !== value) {
    return {
      what: 'has a port',
      hint: `write ${shorten(bare)}: it is found with and without a port; use \`ports\` for ports`,
    };
  }
  return value.includes('*') && !/[\s/?#@]/.test(value)
    ? undefined
    : { what: 'is not a host', hint: 'write a name, such as api.example.com' };
}
