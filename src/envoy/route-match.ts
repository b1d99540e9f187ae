// What a request must be like for a route to take it. Envoy: config.route.v3.RouteMatch. Regular expressions are RE2 and
// run in Envoy only.
import { create, type MessageInitShape } from '@bufbuild/protobuf';
import {
  type HeaderMatcherSchema,
  type QueryParameterMatcherSchema,
  type RouteMatch,
  RouteMatchSchema,
} from './gen/envoy/config/route/v3/route_components_pb.js';
import type { StringMatcherSchema } from './gen/envoy/type/matcher/v3/string_pb.js';

export type TextMatch =
  | { readonly kind: 'exact' | 'prefix'; readonly value: string }
  /** Of the whole text. */
  | { readonly kind: 'regex'; readonly value: string }
  | { readonly kind: 'present' };

export interface HeaderCondition {
  /** Lower case; `:method`, `:authority` and `:scheme` too. */
  readonly name: string;
  readonly match: TextMatch;
  /** It must not match; a header that is not there does not. */
  readonly negated?: boolean;
}

export interface RouteConditions {
  /** Undefined: every path. The query is no part of it. */
  readonly path?: TextMatch | undefined;
  readonly ignorePathCase?: boolean;
  readonly headers?: readonly HeaderCondition[];
  readonly queryParameters?: readonly { readonly name: string; readonly match: TextMatch }[];
}

export function buildRouteMatch(conditions: RouteConditions): RouteMatch {
  const { path, ignorePathCase, headers = [], queryParameters = [] } = conditions;
  return create(RouteMatchSchema, {
    pathSpecifier: pathSpecifier(path),
    ...(ignorePathCase === true ? { caseSensitive: false } : {}),
    headers: headers.map(headerMatcher),
    queryParameters: queryParameters.map(queryMatcher),
  });
}

function pathSpecifier(path: TextMatch | undefined) {
  if (path === undefined || path.kind === 'present') return { case: 'prefix', value: '/' } as const;
  if (path.kind === 'regex') return { case: 'safeRegex', value: { regex: path.value } } as const;
  return { case: path.kind === 'exact' ? 'path' : 'prefix', value: path.value } as const;
}

function headerMatcher({ name, match, negated }: HeaderCondition): MessageInitShape<typeof HeaderMatcherSchema> {
  const invertMatch = negated === true;
  // Any value at all is asked of the header itself, not of its text.
  if (match.kind === 'present' || (match.kind === 'regex' && match.value === '*')) {
    return { name, invertMatch, headerMatchSpecifier: { case: 'presentMatch', value: true } };
  }
  return {
    name,
    invertMatch,
    ...(invertMatch ? { treatMissingHeaderAsEmpty: true } : {}),
    headerMatchSpecifier: { case: 'stringMatch', value: stringMatcher(match) },
  };
}

function queryMatcher({ name, match }: { readonly name: string; readonly match: TextMatch }) {
  const specifier: MessageInitShape<typeof QueryParameterMatcherSchema>['queryParameterMatchSpecifier'] =
    match.kind === 'present'
      ? { case: 'presentMatch', value: true }
      : { case: 'stringMatch', value: stringMatcher(match) };
  return { name, queryParameterMatchSpecifier: specifier };
}

export type ValueMatch = Exclude<TextMatch, { readonly kind: 'present' }>;

export function stringMatcher({ kind, value }: ValueMatch): MessageInitShape<typeof StringMatcherSchema> {
  if (kind === 'regex') return { matchPattern: { case: 'safeRegex', value: { regex: value } } };
  return { matchPattern: { case: kind, value } };
}
