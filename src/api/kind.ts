// What is known of one kind: names, versions, schema, defaults, validation, columns. One file per kind under
// kinds/ gives the one source from which types, errors with their place, printing and later the CRD follow.
import type { ZodType } from 'zod';
import type { Diagnostic } from '../platform/diagnostic.ts';
import type { KubeObject } from './object.ts';

// Methods, not function properties: the registry holds kinds of different T, and gives each only objects that
// have passed its own schema.
export interface PrinterColumn<T extends KubeObject> {
  /** Upper case, as kubectl prints it. AGE is added to every kind by the printer. */
  readonly title: string;
  /** Shown only with `-o wide`. */
  readonly wide?: boolean;
  value(object: T): string;
}

export interface Kind<T extends KubeObject = KubeObject> {
  readonly group: string;
  /** First the version objects are stored as, then the others that are accepted. */
  readonly versions: readonly [string, ...string[]];
  readonly kind: string;
  readonly plural: string;
  readonly singular: string;
  readonly shortNames: readonly string[];
  readonly namespaced: boolean;
  /** Structure and types. Strict: an unknown field is an issue. */
  readonly schema: ZodType<T>;
  /** What schema alone cannot say. `path` in a diagnostic is relative to the object; places are added by decode. */
  validate(object: T): readonly Finding[];
  /** Fills defaults for showing and for the mesh; the store keeps what the user wrote. */
  withDefaults(object: T): T;
  readonly columns: readonly PrinterColumn<T>[];
  /** What is wrong with the object, shown below a table of them; each may have several lines. */
  notes?(object: T): readonly string[];
}

/** A diagnostic before its resource and place are known. */
export type Finding = Omit<Diagnostic, 'resource' | 'source' | 'path' | 'related'> & {
  readonly path: readonly (string | number)[];
};

/** The apiVersion objects of this kind are stored under. */
export function storedApiVersion(kind: Pick<Kind, 'group' | 'versions'>): string {
  return kind.group === '' ? kind.versions[0] : `${kind.group}/${kind.versions[0]}`;
}
