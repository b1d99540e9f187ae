// What the OpenAPI document says of one request; the lists of them stand beside this file.
import type { z } from 'zod';

export interface Answer {
  readonly type:
    | 'application/json'
    | 'application/x-ndjson'
    | 'text/event-stream'
    | 'text/plain'
    | 'text/html'
    | 'text/css';
  /** Of a document, of each line, or of the data of each message; any of several. */
  readonly schemas?: readonly z.ZodType[];
}

export interface Operation {
  readonly method: 'get' | 'post' | 'patch' | 'delete';
  /** As OpenAPI writes it: `/v1/objects/{kind}`. */
  readonly path: string;
  readonly summary: string;
  readonly query?: z.ZodObject;
  /** Headers that are read, by their descriptions. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: z.ZodType;
  readonly answers: readonly Answer[];
  /** Statuses of refusals beside 400, 403, 404 of a kind and 500, which any request may get. */
  readonly refusals?: readonly number[];
}

export const json = (...schemas: readonly z.ZodType[]): readonly Answer[] => [{ type: 'application/json', schemas }];
