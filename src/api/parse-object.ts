// An object as its kind knows it. Schemas neither transform nor fill in, and objects are not changed: what has come out of a
// schema need not go through it again, so that reading a thousand files parses each object once.
import type { ZodType } from 'zod';

const fitting = new WeakMap<object, ZodType>();

/** Undefined for what does not fit, such as an object that an older release wrote. */
export function parseObject<T extends object>(schema: ZodType<T>, object: object | undefined): T | undefined {
  if (fits(schema, object)) return object;
  return schema.safeParse(object).data;
}

/** `object` is what the schema made of a value. */
export function noteFitting<T extends object>(schema: ZodType<T>, object: T): void {
  fitting.set(object, schema);
}

function fits<T extends object>(schema: ZodType<T>, object: object | undefined): object is T {
  return object !== undefined && fitting.get(object) === schema;
}
