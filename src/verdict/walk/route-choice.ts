// Which virtual host a request is for, and which of its routes takes it. Envoy: the most specific domain, then the first route
// that fits.
import type {
  QueryParameterMatcher,
  Route,
  RouteMatch,
  VirtualHost,
} from '../../envoy/gen/envoy/config/route/v3/route_components_pb.js';
import { knownText, type TextTest, testOf } from '../matching/text.ts';
import type { Questions } from '../questions.ts';
import { Untellable } from '../untellable.ts';
import { headerMatches } from './header-match.ts';
import { pathOnly, type Request } from './request.ts';

/** Undefined: no route takes it. */
export function chooseRoute({ routes }: VirtualHost, request: Request, questions: Questions): Route | undefined {
  return routes.find(({ match }) => match !== undefined && fits(match, request, questions));
}

function fits(match: RouteMatch, request: Request, questions: Questions): boolean {
  return (
    fitsPath(match, request) &&
    match.headers.every((header) => headerMatches(header, request)) &&
    match.queryParameters.every((parameter) => hasParameter(parameter, request, questions))
  );
}

function fitsPath(match: RouteMatch, request: Request): boolean {
  const { pathSpecifier: asked } = match;
  const isConnect = request.inside !== undefined;
  if (asked.case === 'connectMatcher') return isConnect;
  if (isConnect) return false;
  const test = testOfPath(match);
  // Every path begins so.
  return (test.kind === 'prefix' && test.value === '/') || pathOnly(request.path).matches(test);
}

function testOfPath({ pathSpecifier: asked, caseSensitive }: RouteMatch): TextTest {
  const ignoreCase = caseSensitive === false;
  switch (asked.case) {
    case 'prefix':
      return { kind: 'prefix', value: asked.value, ignoreCase };
    case 'path':
      return { kind: 'exact', value: asked.value, ignoreCase };
    case 'safeRegex':
      return { kind: 'regex', value: asked.value.regex };
    default:
      throw new Untellable(`a path that is matched by ${asked.case}`);
  }
}

/** The part of the path that the route was chosen by, which a rewrite replaces. */
export function matchedPath({ match }: Route, request: Request): string {
  const { pathSpecifier: asked } = match ?? {};
  if (asked?.case === 'prefix') return asked.value;
  return pathOnly(request.path).value() ?? '';
}

function hasParameter(
  { name, queryParameterMatchSpecifier: asked }: QueryParameterMatcher,
  request: Request,
  questions: Questions,
): boolean {
  const whole = request.path.value();
  if (whole === undefined) {
    return questions.holds(`its query has a ${name} that fits`, `its query has no ${name} that fits`);
  }
  const query = /\?([^#]*)/.exec(whole)?.[1] ?? '';
  const pair = query.split('&').find((one) => one === name || one.startsWith(`${name}=`));
  if (pair === undefined) return false;
  if (asked.case === undefined || asked.case === 'presentMatch') return asked.value ?? true;
  return knownText(`its query's ${name}`, pair.slice(name.length + 1)).matches(testOf(asked.value));
}
