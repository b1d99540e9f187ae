// gRPC's status codes by the names that configuration uses.

const names: readonly string[] = [
  'OK',
  'CANCELLED',
  'UNKNOWN',
  'INVALID_ARGUMENT',
  'DEADLINE_EXCEEDED',
  'NOT_FOUND',
  'ALREADY_EXISTS',
  'PERMISSION_DENIED',
  'RESOURCE_EXHAUSTED',
  'FAILED_PRECONDITION',
  'ABORTED',
  'OUT_OF_RANGE',
  'UNIMPLEMENTED',
  'INTERNAL',
  'UNAVAILABLE',
  'DATA_LOSS',
  'UNAUTHENTICATED',
];

/** `UNAVAILABLE` or `14`; undefined for all else. */
export function grpcStatusNumber(text: string): number | undefined {
  if (/^\d{1,2}$/.test(text) && Number(text) < names.length) return Number(text);
  const number = names.indexOf(text.toUpperCase());
  return number < 0 ? undefined : number;
}
