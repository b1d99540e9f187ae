// Routes about the mesh's certificate authority: what it is, and to change its root. No key is known here.
import { Hono } from 'hono';
import type { AuthorityStatus } from '../../identity/authority-status.ts';
import { notFound } from '../api-error.ts';
import type { AuthorityControl, ServerDeps } from '../deps.ts';

export function authorityRoutes({ authority }: ServerDeps): Hono {
  return new Hono()
    .get('/ca', (context) => context.json(there(authority).status() satisfies AuthorityStatus))
    .post('/ca/rotate', (context) => context.json(there(authority).rotate() satisfies AuthorityStatus));
}

function there(authority: AuthorityControl | undefined): AuthorityControl {
  if (authority !== undefined) return authority;
  const hint = 'with proxy capture programs share a user with their proxies, so no key is served';
  throw notFound('certificate authority', hint);
}
