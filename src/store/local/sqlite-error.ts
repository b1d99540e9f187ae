// What SQLite and the file system refuse, as errors a person can act on. A write that fails here has changed
// nothing: the store goes on serving what it has in memory, and the next write tries the disk anew.
import { messageOf, SallyportError, type SallyportErrorOptions, systemCode } from '../../platform/errors.ts';

// Primary result codes, sqlite3.h.
const busy = 5;
const locked = 6;
const readOnly = 8;
const ioError = 10;
const corrupt = 11;
const full = 13;
const notADatabase = 26;

// Extended codes of an I/O error: the shared memory of the log's index could not be opened, sized, locked or mapped.
const sharedMemory: ReadonlySet<number> = new Set([18, 19, 20, 21].map((detail) => ioError | (detail << 8)));

/**
 * The SallyportError for anything thrown by an operation on the store's file: `SP_STORE_IN_USE`,
 * `SP_STORE_READ_ONLY`, `SP_DISK_FULL`, `SP_STORE_CORRUPT`, `SP_STORE_IO`, and `SP_STORE_UNREADABLE` for the rest.
 */
export function storeError(file: string, cause: unknown): SallyportError {
  if (cause instanceof SallyportError) return cause;
  const code = resultCode(cause);
  if (code === busy || code === locked) return storeInUse(file, cause);
  if (code === full || systemCode(cause) === 'ENOSPC') return diskFull(file, cause);
  if (code === readOnly || systemCode(cause) === 'EROFS') return readOnlyStore(file, cause);
  if (code === corrupt || code === notADatabase) return corruptStore(file, messageOf(cause), { cause });
  if (code === ioError) {
    const hint = 'check the disk; what was stored before is still served';
    return new SallyportError('SP_STORE_IO', `cannot write the store ${file}: ${messageOf(cause)}`, { cause, hint });
  }
  const hint = 'check its owner and rights';
  return new SallyportError('SP_STORE_UNREADABLE', `cannot open the store ${file}: ${messageOf(cause)}`, {
    cause,
    hint,
  });
}

export function corruptStore(file: string, why: string, options: SallyportErrorOptions = {}): SallyportError {
  const hint = 'put a copy of it in its place, or move it away to begin with an empty mesh';
  return new SallyportError('SP_STORE_CORRUPT', `the store ${file} is damaged: ${why}`, { hint, ...options });
}

function storeInUse(file: string, cause: unknown): SallyportError {
  const hint = 'end the control plane that uses it, or choose another folder with --data';
  return new SallyportError('SP_STORE_IN_USE', `the store ${file} is in use by another process`, { cause, hint });
}

function diskFull(file: string, cause: unknown): SallyportError {
  const hint = 'free some space and try again; what was stored before is still served';
  return new SallyportError('SP_DISK_FULL', `no space left for the store ${file}`, { cause, hint });
}

function readOnlyStore(file: string, cause: unknown): SallyportError {
  const hint = 'make its disk and the file writable, or choose another folder with --data';
  return new SallyportError('SP_STORE_READ_ONLY', `the store ${file} cannot be written`, { cause, hint });
}

/** A disk may be full, or of a kind that has none. */
export function isSharedMemoryError(error: unknown): boolean {
  return sharedMemory.has(extendedCode(error) ?? 0);
}

function resultCode(error: unknown): number | undefined {
  const code = extendedCode(error);
  // The low byte of an extended code is the primary one.
  return code === undefined ? undefined : code & 0xff;
}

function extendedCode(error: unknown): number | undefined {
  if (typeof error !== 'object' || error === null || !('errcode' in error)) return undefined;
  return typeof error.errcode === 'number' ? error.errcode : undefined;
}
