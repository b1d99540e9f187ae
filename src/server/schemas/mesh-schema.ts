// The bodies about the mesh as a whole, and what every failed request is answered.
import { z } from 'zod';
import type { Diagnostic } from '../../platform/diagnostic.ts';
import type { DiagnosticsBody, ErrorBody, InfoBody } from '../wire.ts';
import { componentSchema } from './components.ts';

export const sourceSchema = z.strictObject({ file: z.string(), line: z.int(), column: z.int() });

export const diagnosticSchema = componentSchema(
  'Diagnostic',
  z.strictObject({
    severity: z.enum(['error', 'warning', 'info']),
    code: z.string().describe('stable; docs/diagnostics.md lists them'),
    resource: z.string().describe('Kind/namespace/name, empty where there is no object yet'),
    path: z.string().describe('spec.ports[0].protocol, empty for the whole object'),
    source: sourceSchema.exactOptional(),
    message: z.string(),
    hint: z.string().exactOptional().describe('what to do'),
    related: z
      .array(z.strictObject({ resource: z.string(), path: z.string(), source: sourceSchema.exactOptional() }))
      .exactOptional()
      .describe('the other objects that the message names'),
  }),
) satisfies z.ZodType<Diagnostic>;

export const errorSchema = componentSchema(
  'Error',
  z.strictObject({
    code: z.string().describe('stable'),
    message: z.string(),
    hint: z.string().exactOptional().describe('what to do'),
    diagnostics: z.array(diagnosticSchema).exactOptional(),
  }),
) satisfies z.ZodType<ErrorBody>;

export const infoSchema = componentSchema(
  'Info',
  z.strictObject({
    pid: z.int(),
    version: z.string(),
    data: z.string().describe('the data folder'),
    capture: z.enum(['redirect', 'proxy']),
    startedAt: z.string(),
    ready: z.boolean().describe('whether proxies are served'),
  }),
) satisfies z.ZodType<InfoBody>;

export const diagnosticsSchema = componentSchema(
  'Diagnostics',
  z.strictObject({ diagnostics: z.array(diagnosticSchema) }),
) satisfies z.ZodType<DiagnosticsBody>;
