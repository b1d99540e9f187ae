// Reading a request's body as JSON without trusting it: the size is bounded by the app, depth and keys here.
// Invariant: what comes out nests at most `maxDepth` deep, so that recursion over it is safe, and has no key
// `__proto__`, so that copying it changes no prototype.
import type { Context } from 'hono';
import type { z } from 'zod';
import { SallyportError } from '../platform/errors.ts';
import { badRequest } from './api-error.ts';

/** Far above any object of ours; a CRD's schema in Kubernetes stays below as well. */
const maxDepth = 64;

/** Throws SallyportError `SP_BAD_REQUEST` (400). */
export async function readJson(context: Context): Promise<unknown> {
  const text = await context.req.text();
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new SallyportError('SP_BAD_REQUEST', 'the body is no JSON', { cause });
  }
  checkShape(value);
  return value;
}

/** The same, read by its schema; the error names the first wrong place. */
export async function readBody<Schema extends z.ZodType>(context: Context, schema: Schema): Promise<z.output<Schema>> {
  const { data, error } = schema.safeParse(await readJson(context));
  if (error === undefined) return data;
  const [issue] = error.issues;
  const place = issue?.path.map(String).join('.') ?? '';
  throw badRequest(`the body is wrong${place === '' ? '' : ` at ${place}`}: ${issue?.message ?? ''}`);
}

/** Walks without recursion, so that a deep value is refused and not a stack overflow. */
function checkShape(root: unknown): void {
  let level: readonly unknown[] = [root];
  for (let depth = 0; level.length > 0; depth += 1) {
    if (depth > maxDepth) throw badRequest(`the body nests deeper than ${maxDepth} levels`);
    const below: unknown[] = [];
    for (const value of level) {
      if (typeof value !== 'object' || value === null) continue;
      if (Object.hasOwn(value, '__proto__')) throw badRequest("'__proto__' is no key of an object");
      for (const item of Object.values(value)) below.push(item);
    }
    level = below;
  }
}
