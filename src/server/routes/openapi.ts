// The description of this API, for programs and for people.
import { Hono } from 'hono';
import type { ServerInfo } from '../deps.ts';
import { type OpenApiDocument, openApiDocument } from '../openapi/document.ts';

export function openApiRoutes({ version }: Pick<ServerInfo, 'version'>): Hono {
  let document: OpenApiDocument | undefined;
  return new Hono().get('/openapi.json', (context) => {
    document ??= openApiDocument(version);
    return context.json(document);
  });
}
