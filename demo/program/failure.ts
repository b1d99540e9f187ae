// Why a call brought no answer, in words for a log.
import { messageOf, systemCode } from '../../src/platform/errors.ts';

const reasons = new Map([
  ['ECONNREFUSED', 'connection refused'],
  ['ECONNRESET', 'connection reset'],
  ['EPIPE', 'connection reset'],
  ['ENOTFOUND', 'no such host'],
  ['EAI_AGAIN', 'the name cannot be resolved now'],
  ['EHOSTUNREACH', 'no route to the host'],
  ['ENETUNREACH', 'no route to the network'],
  ['ETIMEDOUT', 'connection timed out'],
]);

export function failureReason(error: unknown): string {
  if (isTimeout(error)) return 'timed out';
  if (typeof error === 'object' && error !== null && systemCode(error) === 'ERR_PROXY_TUNNEL') {
    return 'statusCode' in error ? `its proxy refused the tunnel: ${error.statusCode}` : 'its proxy refused the tunnel';
  }
  // Node tries every address of a name, and gathers what each said.
  if (error instanceof AggregateError && error.errors.length > 0) return failureReason(error.errors[0]);
  return reasons.get(systemCode(error) ?? '') ?? messageOf(error);
}

function isTimeout(error: unknown): boolean {
  return error instanceof Error && (error.name === 'AbortError' || error.name === 'TimeoutError');
}
