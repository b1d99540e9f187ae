// The HTTP API as one hono app per transport. Over the Unix socket the caller is trusted (its folder lets in only
// the mesh's own user); over TCP anyone on the machine may call, so there it only reads, and no secret, but for a browser
// that has our page open.
import { Hono } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import { SallyportError } from '../platform/errors.ts';
import { errorAnswer, notFound } from './api-error.ts';
import type { ServerDeps, Transport } from './deps.ts';
import type { StreamLimit } from './events/stream-limit.ts';
import { changesState } from './guard.ts';
import { streamOpener } from './open-stream.ts';
import { alertRoutes } from './routes/alerts.ts';
import { authorityRoutes } from './routes/authority.ts';
import { checkRoutes } from './routes/check.ts';
import { decisionRoutes } from './routes/decisions.ts';
import { eventRoutes } from './routes/events.ts';
import { flowRoutes } from './routes/flows.ts';
import { foresightRoutes } from './routes/foresight.ts';
import { statusRoutes } from './routes/mesh-status.ts';
import { objectRoutes } from './routes/objects.ts';
import { openApiRoutes } from './routes/openapi.ts';
import { pageRoutes } from './routes/page.ts';
import { podRoutes } from './routes/pods.ts';
import { policyTestRoutes } from './routes/policy-tests.ts';
import { proxyRoutes } from './routes/proxies.ts';
import { suggestionRoutes } from './routes/suggestions.ts';
import { watchRoutes } from './routes/watch.ts';
import type { Sessions } from './session.ts';

/** Parsed and judged within a second; ten thousand ServiceEntries are a tenth of it. */
const maxBodyBytes = 32 * 1024 * 1024;

export interface AppOptions {
  readonly transport: Transport;
  /** Of the page; without them nothing can be changed over TCP. */
  readonly sessions?: Sessions;
  /** Shared by all transports. */
  readonly streams: StreamLimit;
}

/** All routes of docs/http-api.md for one transport. */
export function createApp(deps: ServerDeps, { transport, sessions, streams }: AppOptions): Hono {
  const app = new Hono();
  app.use(bodyLimit({ maxSize: maxBodyBytes, onError: tooLarge }));
  if (transport === 'tcp') {
    app.use(async (context, next) => {
      if (changesState(context.req.method) && sessions?.holds(context) !== true) throw noSession(sessions);
      await next();
      context.header('X-Content-Type-Options', 'nosniff');
      context.header('Cache-Control', 'no-store');
    });
  }
  const openStream = streamOpener(streams, transport, deps.log);
  app.route('/', statusRoutes(deps, streams));
  app.route('/', pageRoutes(deps, sessions));
  app.route('/v1', objectRoutes(deps, transport));
  app.route('/v1', watchRoutes(deps, transport, openStream));
  app.route('/v1', proxyRoutes(deps));
  app.route('/v1', authorityRoutes(deps));
  app.route('/v1', podRoutes(deps, transport));
  app.route('/v1', flowRoutes(deps));
  app.route('/v1', alertRoutes(deps));
  app.route('/v1', foresightRoutes(deps));
  app.route('/v1', suggestionRoutes(deps));
  app.route('/v1', policyTestRoutes(deps));
  app.route('/v1', decisionRoutes(deps, openStream));
  app.route('/v1', checkRoutes(deps));
  app.route('/v1', eventRoutes(deps, openStream, streams));
  app.route('/v1', openApiRoutes(deps.info));
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

function noSession(sessions: Sessions | undefined): SallyportError {
  const hint =
    sessions === undefined
      ? 'use the sallyport command, or listen on a loopback address'
      : 'reload the page; programs use the sallyport command';
  return new SallyportError('SP_NO_SESSION', 'changes over TCP need a session of the dashboard', { hint });
}

function tooLarge(): never {
  throw new SallyportError('SP_TOO_LARGE', `the body is larger than ${maxBodyBytes / 1024 / 1024} MB`);
}
