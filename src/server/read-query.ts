// Reads what stands behind the `?` by its schema.
import type { Context } from 'hono';
import type { z } from 'zod';
import { badRequest } from './api-error.ts';

/** Throws SallyportError `SP_BAD_REQUEST` (400) that names the first wrong parameter. */
export function readQuery<Schema extends z.ZodObject>(context: Context, schema: Schema): z.infer<Schema> {
  const result = schema.safeParse(context.req.query());
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  if (issue?.code === 'unrecognized_keys') {
    const known = `there are ${Object.keys(schema.shape).join(', ')}`;
    throw badRequest(`there is no query parameter '${issue.keys[0]}' here`, known);
  }
  throw badRequest(`query parameter '${issue?.path.join('.')}' is wrong`, issue?.message);
}
