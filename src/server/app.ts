// The HTTP API as one hono app per transport. Over the Unix socket the caller is trusted (its folder lets in only
// the mesh's own user); over TCP anyone on the machine may call, so there it only reads, and no secret.
import { Hono } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import { SallyportError } from '../platform/errors.ts';
import { errorAnswer, notFound } from './api-error.ts';
import type { ServerDeps, Transport } from './deps.ts';
import { changesState } from './guard.ts';
import { statusRoutes } from './routes/mesh-status.ts';
import { objectRoutes } from './routes/objects.ts';
import { pageRoutes } from './routes/page.ts';
import { podRoutes } from './routes/pods.ts';
import { proxyRoutes } from './routes/proxies.ts';
import { watchRoutes } from './routes/watch.ts';

const maxBodyBytes = 64 * 1024 * 1024;

/** All routes of docs/http-api.md for one transport. */
export function createApp(deps: ServerDeps, transport: Transport): Hono {
  const app = new Hono();
  app.use(bodyLimit({ maxSize: maxBodyBytes, onError: tooLarge }));
  if (transport === 'tcp') {
    app.use(async (context, next) => {
      if (changesState(context.req.method)) throw readOnly();
      await next();
      context.header('X-Content-Type-Options', 'nosniff');
      context.header('Cache-Control', 'no-store');
    });
  }
  app.route('/', statusRoutes(deps));
  app.route('/', pageRoutes(deps));
  app.route('/v1', objectRoutes(deps, transport));
  app.route('/v1', watchRoutes(deps, transport));
  app.route('/v1', proxyRoutes(deps));
  app.route('/v1', podRoutes(deps, transport));
  app.notFound(({ req }) => {
    throw notFound(`path ${req.path}`, 'docs/http-api.md lists the paths');
  });
  app.onError((error, context) => {
    const { status, body } = errorAnswer(error);
    if (status === 500) deps.log.error({ err: error, path: context.req.path }, 'request failed');
    return context.json(body, status);
  });
  return app;
}

function readOnly(): SallyportError {
  const hint = 'use the sallyport command';
  return new SallyportError('SP_FORBIDDEN', 'changes over TCP need a session of the dashboard', { hint });
}

function tooLarge(): never {
  throw new SallyportError('SP_TOO_LARGE', `the body is larger than ${maxBodyBytes / 1024 / 1024} MB`);
}
