// What a store refuses, as errors whose code the HTTP API turns into a status.
import { type ObjectKey, resourceName } from '../api/object.ts';
import { SallyportError } from '../platform/errors.ts';

/** 404. */
export class NotFoundError extends SallyportError {
  readonly key: ObjectKey;

  constructor(key: ObjectKey) {
    super('SP_NOT_FOUND', `${resourceName(key)} not found`);
    this.key = key;
  }
}

/** 410: the asked resourceVersion is older than the kept history. */
export class GoneError extends SallyportError {
  constructor(resourceVersion: string) {
    super('SP_GONE', `resourceVersion ${resourceVersion} is too old`, { hint: 'list again' });
  }
}

/** 409: the object is no longer as it was. */
export class ConflictError extends SallyportError {
  constructor(key: ObjectKey) {
    super('SP_CONFLICT', `${resourceName(key)} has been changed`, { hint: 'look at it again' });
  }
}

/** 409: the object belongs to a file of a watched folder. */
export class OwnedByFileError extends SallyportError {
  readonly key: ObjectKey;

  constructor(key: ObjectKey, file: string) {
    super('SP_OWNED_BY_FILE', `${resourceName(key)} belongs to ${file}`, { hint: 'change that file instead' });
    this.key = key;
  }
}
