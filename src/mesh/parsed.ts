import type { ZodType } from 'zod';
import type { KubeObject } from '../api/object.ts';
import { parseObject } from '../api/parse-object.ts';

/** What the object stands for; undefined if there is none, or it no longer fits its schema (an older release wrote it). */
export function parsed<Api extends KubeObject, Model>(
  schema: ZodType<Api>,
  object: KubeObject | undefined,
  translate: (object: Api) => Model | undefined,
): Model | undefined {
  const read = parseObject(schema, object);
  return read === undefined ? undefined : translate(read);
}
