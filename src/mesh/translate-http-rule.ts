// The actions of an HTTP rule and what goes along with them: rewrites, headers, time-outs, retries, faults
// (istio-semantics 3.3, 3.4).
import { parseDurationMs } from '../api/duration.ts';
import type {
  Destination as ApiDestination,
  Headers as ApiHeaderOperations,
  HeaderOperations as ApiHeaders,
  CorsPolicy,
  HttpFault,
  HttpRedirect,
  HttpRetry,
  HttpRoute,
} from '../api/kinds/virtual-service.ts';
import { grpcStatusNumber } from './grpc-status.ts';
import { translateText } from './translate-http-match.ts';
import type {
  Cors,
  Destination,
  Fault,
  HeaderChanges,
  HeaderOperations,
  HttpAction,
  HttpRule,
  Mirror,
  Redirect,
  Retries,
} from './virtual-service.ts';

export function translateHttpAction(
  { route = [], redirect, directResponse }: HttpRoute,
  toDestination: (destination: ApiDestination) => Destination,
): HttpAction {
  if (redirect !== undefined) return { kind: 'redirect', redirect: translateRedirect(redirect) };
  if (directResponse !== undefined) {
    const { status, body } = directResponse;
    return { kind: 'response', status, body: body === undefined ? undefined : bytesOf(body) };
  }
  const destinations = route.map(({ destination, weight = 0, headers }) => ({
    destination: toDestination(destination),
    weight,
    headers: translateHeaders(headers),
  }));
  return { kind: 'route', destinations };
}

function bytesOf({ string, bytes }: { readonly string?: string; readonly bytes?: string }): Uint8Array {
  return bytes === undefined ? Buffer.from(string ?? '') : Buffer.from(bytes, 'base64');
}

function translateRedirect({ uri, authority, port, derivePort, scheme, redirectCode }: HttpRedirect): Redirect {
  return {
    uri,
    authority,
    scheme,
    port: port ?? (derivePort === 'FROM_REQUEST_PORT' ? 'request' : undefined),
    code: redirectCode ?? 301,
  };
}

type RuleSettings = Pick<HttpRule, 'rewrite' | 'headers' | 'timeoutMs' | 'retries' | 'fault' | 'cors'>;

export function translateRuleSettings(rule: HttpRoute): RuleSettings {
  const { rewrite, headers, timeout, retries, fault, corsPolicy } = rule;
  const regex = rewrite?.uriRegexRewrite;
  return {
    rewrite:
      rewrite === undefined
        ? undefined
        : {
            uri: rewrite.uri,
            authority: rewrite.authority,
            regex: regex === undefined ? undefined : { match: regex.match ?? '', rewrite: regex.rewrite ?? '' },
          },
    headers: translateHeaders(headers),
    timeoutMs: timeout === undefined ? undefined : parseDurationMs(timeout),
    retries: retries === undefined ? undefined : translateRetries(retries),
    fault: fault === undefined ? undefined : translateFault(fault),
    cors: corsPolicy === undefined ? undefined : translateCors(corsPolicy),
  };
}

/** Numbers among the conditions are status codes. As in Istio, a policy that names no attempts asks for none. */
function translateRetries({ attempts = 0, perTryTimeout, retryOn, ...others }: HttpRetry): Retries {
  const { retryIgnorePreviousHosts, retryRemoteLocalities, backoff } = others;
  const words = (retryOn ?? '').split(',').flatMap((word) => word.trim() || []);
  const codes = words.filter((word) => /^\d+$/.test(word)).map(Number);
  const conditions = words.filter((word) => !/^\d+$/.test(word));
  if (codes.length > 0 && !conditions.includes('retriable-status-codes')) conditions.push('retriable-status-codes');
  return {
    attempts,
    perTryTimeoutMs: perTryTimeout === undefined ? undefined : parseDurationMs(perTryTimeout),
    retryOn: conditions.length === 0 ? undefined : conditions.join(','),
    retriableStatusCodes: codes,
    ignorePreviousHosts: retryIgnorePreviousHosts,
    remoteLocalities: retryRemoteLocalities === true,
    backoffMs: backoff === undefined ? undefined : parseDurationMs(backoff),
  };
}

/** Istio: whole seconds; the deprecated `allowOrigin` counts where there is no `allowOrigins`. */
function translateCors({ allowOrigin = [], allowOrigins = [], maxAge, ...others }: CorsPolicy): Cors {
  const old = allowOrigin.map((value) => ({ kind: 'exact', value }) as const);
  return {
    origins: allowOrigins.length > 0 ? allowOrigins.map(translateText) : old,
    methods: others.allowMethods ?? [],
    headers: others.allowHeaders ?? [],
    exposedHeaders: others.exposeHeaders ?? [],
    maxAgeSeconds: maxAge === undefined ? undefined : Math.floor((parseDurationMs(maxAge) ?? 0) / 1000),
    credentials: others.allowCredentials,
    forwardsUnmatched: others.unmatchedPreflights !== 'IGNORE',
  };
}

/** Without a percentage all requests, with 0 none; where both forms are given the deprecated one does not count. */
export function translateMirrors(
  rule: HttpRoute,
  toDestination: (destination: ApiDestination) => Destination,
): readonly Mirror[] {
  const { mirror, mirrors = [], mirrorPercentage, mirrorPercent = rule.mirror_percent } = rule;
  const single = mirrorPercentage === undefined ? mirrorPercent : (mirrorPercentage.value ?? 0);
  const all = [
    ...(mirror === undefined ? [] : [{ destination: mirror, percent: single ?? 100 }]),
    ...mirrors.map(({ destination, percentage }) => ({
      destination,
      percent: percentage === undefined ? 100 : (percentage.value ?? 0),
    })),
  ];
  return all
    .filter(({ percent }) => percent > 0)
    .map(({ destination, percent }) => ({ destination: toDestination(destination), percent }));
}

/** Istio: without a percentage an abort happens never, and a delay neither; the deprecated `percent` counts for delays. */
function translateFault({ delay, abort }: HttpFault): Fault {
  return {
    delay:
      delay?.fixedDelay === undefined
        ? undefined
        : {
            milliseconds: parseDurationMs(delay.fixedDelay) ?? 0,
            percent: delay.percentage?.value ?? delay.percent ?? 0,
          },
    abort:
      abort === undefined
        ? undefined
        : {
            status: abort.httpStatus,
            grpcStatus: abort.grpcStatus === undefined ? undefined : grpcStatusNumber(abort.grpcStatus),
            percent: abort.percentage?.value ?? 0,
          },
  };
}

function translateHeaders(headers: ApiHeaderOperations | undefined): HeaderOperations {
  return { request: translateChanges(headers?.request), response: translateChanges(headers?.response) };
}

/** Set beats add where both speak of the Host. */
function translateChanges({ set = {}, add = {}, remove = [] }: ApiHeaders = {}): HeaderChanges {
  const plain = (changes: Readonly<Record<string, string>>) =>
    lowered(changes).filter(([name]) => !isAuthority(name) && !name.startsWith(':'));
  const authority = [...lowered(set), ...lowered(add)].find(([name]) => isAuthority(name));
  return {
    set: plain(set),
    add: plain(add),
    remove: remove.map((name) => name.toLowerCase()).filter((name) => !isAuthority(name) && !name.startsWith(':')),
    authority: authority?.[1],
  };
}

function lowered(changes: Readonly<Record<string, string>>): readonly (readonly [string, string])[] {
  return Object.entries(changes).map(([name, value]) => [name.toLowerCase(), value]);
}

function isAuthority(name: string): boolean {
  return name === 'host' || name === ':authority';
}
