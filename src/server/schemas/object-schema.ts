// The bodies about objects. What an object's spec holds is its kind's own; here it is any JSON.
import { z } from 'zod';
import type { KubeObject } from '../../api/object.ts';
import type { ApplyBody, DeleteBody, ObjectResult, ObjectsBody, TableBody, TableRow, WatchBatchBody } from '../wire.ts';
import { componentSchema } from './components.ts';
import { diagnosticSchema } from './mesh-schema.ts';

const names = componentSchema(
  'KindNames',
  z.strictObject({
    group: z.string().describe('empty for the core group'),
    kind: z.string(),
    plural: z.string(),
    singular: z.string(),
    namespaced: z.boolean(),
  }),
);

export const objectSchema = componentSchema(
  'Object',
  z.looseObject({
    apiVersion: z.string(),
    kind: z.string(),
    metadata: z.looseObject({ name: z.string(), namespace: z.string().exactOptional() }),
    spec: z.unknown().exactOptional(),
    status: z.unknown().exactOptional(),
    data: z.unknown().exactOptional(),
  }),
) satisfies z.ZodType<KubeObject>;

export const manifestsSchema = componentSchema('Manifests', z.array(objectSchema));

export const mergePatchSchema = componentSchema(
  'MergePatch',
  z.looseObject({}).describe('fields to change; null takes one away (RFC 7396)'),
);

const row = componentSchema(
  'TableRow',
  z.strictObject({
    namespace: z.string(),
    name: z.string(),
    createdAt: z.string().exactOptional(),
    cells: z.array(z.string()).describe('as many as there are columns'),
    notes: z.array(z.string()).exactOptional().describe('what is wrong with the object'),
  }),
) satisfies z.ZodType<TableRow>;

export const objectsSchema = componentSchema(
  'Objects',
  z.strictObject({
    names,
    resourceVersion: z.string(),
    items: z.array(objectSchema),
    expansion: z
      .strictObject({
        objects: z.array(objectSchema),
        admission: z.array(z.string()).describe('who is let out by it, in sentences'),
      })
      .exactOptional()
      .describe('what an EgressPolicy stands for, with expand=true; not stored'),
  }),
) satisfies z.ZodType<ObjectsBody>;

export const tableSchema = componentSchema(
  'Table',
  z.strictObject({
    names,
    resourceVersion: z.string(),
    columns: z.array(z.strictObject({ title: z.string(), wide: z.boolean() })),
    rows: z.array(row),
  }),
) satisfies z.ZodType<TableBody>;

export const objectResultSchema = componentSchema(
  'ObjectResult',
  z.strictObject({
    index: z.int().describe("position in the request's array"),
    printedName: z.string(),
    outcome: z.enum(['created', 'configured', 'unchanged']).exactOptional().describe('absent where it was refused'),
    diagnostics: z.array(diagnosticSchema),
  }),
) satisfies z.ZodType<ObjectResult>;

export const applySchema = componentSchema(
  'Apply',
  z.strictObject({
    results: z.array(objectResultSchema),
    diagnostics: z.array(diagnosticSchema).describe('what is said of the stored objects beside others'),
  }),
) satisfies z.ZodType<ApplyBody>;

export const deleteSchema = componentSchema('Delete', z.strictObject({ names })) satisfies z.ZodType<DeleteBody>;

export const watchBatchSchema = componentSchema(
  'WatchBatch',
  z.strictObject({
    resourceVersion: z.string(),
    events: z.array(
      z.strictObject({
        type: z.enum(['ADDED', 'MODIFIED', 'DELETED']),
        object: objectSchema.exactOptional(),
        row: row.exactOptional().describe('with view=table'),
      }),
    ),
  }),
) satisfies z.ZodType<WatchBatchBody>;
