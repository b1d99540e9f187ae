// Faults and retries of a rule of a VirtualService. Follows validateHTTPFaultInjection and validateHTTPRetry of
// Istio's pkg/config/validation.
import { type FieldPath, problem, warning } from '../finding.ts';
import type { Finding } from '../kind.ts';
import { deprecated } from '../not-acted-on.ts';
import { shorten } from '../schema-messages.ts';
import type { HttpFault, HttpRetry } from './virtual-service-actions.ts';

const grpcStatuses = new Set(
  (
    'OK CANCELLED UNKNOWN INVALID_ARGUMENT DEADLINE_EXCEEDED NOT_FOUND ALREADY_EXISTS PERMISSION_DENIED ' +
    'RESOURCE_EXHAUSTED FAILED_PRECONDITION ABORTED OUT_OF_RANGE UNIMPLEMENTED INTERNAL UNAVAILABLE DATA_LOSS ' +
    'UNAUTHENTICATED'
  ).split(' '),
);

export function* checkFault({ abort, delay }: HttpFault, path: FieldPath): Iterable<Finding> {
  if (abort === undefined && delay === undefined) {
    yield problem('SP0720', path, 'HTTP fault injection must have an abort and/or a delay', 'add one of them');
  }
  if (abort !== undefined) yield* checkAbort(abort, [...path, 'abort']);
  if (delay !== undefined) yield* checkDelay(delay, [...path, 'delay']);
}

function* checkAbort(abort: NonNullable<HttpFault['abort']>, path: FieldPath): Iterable<Finding> {
  const { httpStatus, grpcStatus, http2Error, percentage } = abort;
  if (http2Error !== undefined) {
    const message = 'HTTP/2 abort fault injection not supported yet';
    yield problem('SP0720', [...path, 'http2Error'], message, 'use httpStatus');
  }
  if ((httpStatus === undefined) === (grpcStatus === undefined)) {
    yield problem(
      'SP0720',
      path,
      'an abort needs either httpStatus or grpcStatus',
      'write for example httpStatus: 503',
    );
  }
  if (httpStatus !== undefined && (httpStatus < 200 || httpStatus > 599)) {
    const message = `HTTP status ${httpStatus} is not in range 200-599`;
    yield problem('SP0720', [...path, 'httpStatus'], message);
  }
  if (grpcStatus !== undefined && !grpcStatuses.has(grpcStatus)) {
    const message = `gRPC status "${shorten(grpcStatus)}" is not supported`;
    yield problem('SP0720', [...path, 'grpcStatus'], message, 'write for example UNAVAILABLE');
  }
  if (percentage === undefined) yield withoutPercentage('aborted', path);
}

function* checkDelay(delay: NonNullable<HttpFault['delay']>, path: FieldPath): Iterable<Finding> {
  const { fixedDelay, exponentialDelay, percentage, percent } = delay;
  if (exponentialDelay !== undefined) {
    const message = 'exponentialDelay not supported yet';
    yield problem('SP0720', [...path, 'exponentialDelay'], message, 'use fixedDelay');
  } else if (fixedDelay === undefined) {
    yield problem('SP0720', path, 'a delay needs fixedDelay', 'write for example fixedDelay: 5s');
  }
  if (percent !== undefined) yield deprecated('percent', [...path, 'percent'], 'percentage');
  else if (percentage === undefined) yield withoutPercentage('delayed', path);
}

function withoutPercentage(what: string, path: FieldPath): Finding {
  return warning('SP0726', path, `without percentage no request is ${what}`, 'write percentage: {value: 100}');
}

const retryConditions = new Set(
  (
    '5xx gateway-error reset reset-before-request connect-failure envoy-ratelimited retriable-4xx refused-stream ' +
    'retriable-status-codes retriable-headers http3-post-connect-failure cancelled deadline-exceeded internal ' +
    'resource-exhausted unavailable'
  ).split(' '),
);

export function* checkRetries(retries: HttpRetry, path: FieldPath): Iterable<Finding> {
  const { attempts = 0, retryOn, ...others } = retries;
  if (attempts === 0 && (retryOn !== undefined || Object.keys(others).length > 0)) {
    const message = 'http retry policy configured when attempts are set to 0 (disabled)';
    yield problem('SP0719', path, message, 'set attempts, or remove the other fields');
  }
  for (const text of retryOn?.split(',') ?? []) {
    const condition = text.trim();
    if (condition === '' || retryConditions.has(condition) || /^[1-5]\d\d$/.test(condition)) continue;
    const hint = 'write for example connect-failure, 5xx or 503, separated by commas';
    yield problem('SP0719', [...path, 'retryOn'], `"${shorten(condition)}" is not a valid retryOn policy`, hint);
  }
}
