// Sessions of the page: what lets a browser that has our page open change something over TCP. The cookie is a random
// number, the page carries its HMAC under a key of this process, and only both together count: another site's page has
// neither the right to read ours nor to set our header. Nothing is kept, so nothing survives a restart.
import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import type { Context } from 'hono';
import { getCookie, setCookie } from 'hono/cookie';

const cookieName = 'sallyport_session';
const headerName = 'X-Sallyport-Session';
/** 256 bits in base64url. */
const cookieForm = /^[A-Za-z0-9_-]{43}$/;

export interface Sessions {
  /**
   * The token for the page that is answered, and the cookie it belongs to. A cookie that is there stays: other tabs, and
   * other meshes on other ports of this host, which share it, keep their tokens.
   */
  open(context: Context): string;
  /** Whether the request has a cookie and the token that belongs to it. */
  holds(context: Context): boolean;
}

export function createSessions(): Sessions {
  const key = randomBytes(32);
  const tokenOf = (cookie: string) => createHmac('sha256', key).update(cookie).digest('base64url');
  return {
    open(context) {
      const cookie = cookieOf(context) ?? randomBytes(32).toString('base64url');
      if (cookieOf(context) === undefined) {
        // Not Secure: on loopback it is plain HTTP.
        setCookie(context, cookieName, cookie, { httpOnly: true, sameSite: 'Strict', path: '/' });
      }
      return tokenOf(cookie);
    },
    holds(context) {
      const cookie = cookieOf(context);
      const token = context.req.header(headerName);
      return cookie !== undefined && token !== undefined && equalTexts(token, tokenOf(cookie));
    },
  };
}

function cookieOf(context: Context): string | undefined {
  const cookie = getCookie(context, cookieName);
  return cookie !== undefined && cookieForm.test(cookie) ? cookie : undefined;
}

/** In a time that tells only the length. */
function equalTexts(left: string, right: string): boolean {
  const [one, other] = [Buffer.from(left), Buffer.from(right)];
  return one.length === other.length && timingSafeEqual(one, other);
}
