// The hosts of the simulated internet beside httpbin.org: just enough of each that a call to it looks like one.
import { createHash } from 'node:crypto';
import { type InternetHost, simulationHost } from './hosts.ts';
import { httpbin } from './httpbin.ts';
import { htmlAnswer, jsonAnswer, notFound, type Site, type SiteRequest, textAnswer } from './site.ts';

const sites: Readonly<Record<InternetHost, Site>> = {
  'httpbin.org': httpbin,
  'www.httpbin.org': httpbin,
  'example.com': example,
  'www.example.com': example,
  'api.github.com': github,
  'api.stripe.com': stripe,
  'hooks.slack.com': ({ method }) => (method === 'POST' ? textAnswer('ok') : notFound),
  'registry.npmjs.org': ({ url }) => jsonAnswer({ name: url.pathname.slice(1) || 'registry', simulated: true }),
  'storage.googleapis.com': bucket,
  'maps.googleapis.com': () => jsonAnswer({ status: 'OK', results: [] }),
  'en.wikipedia.org': () => htmlAnswer('Wikipedia', 'The free encyclopedia, simulated.'),
  'de.wikipedia.org': () => htmlAnswer('Wikipedia', 'Die freie Enzyklopädie, simuliert.'),
  'hello-istio-v1.apps.coachella.cf-app.com': helloFrom('v1'),
  'hello-istio-v2.apps.coachella.cf-app.com': helloFrom('v2'),
  'pastebin.com': pastebin,
};

const byHost: ReadonlyMap<string, Site> = new Map(Object.entries(sites));

/** Undefined for hosts that nobody has. */
export function siteOf(host: string): Site | undefined {
  return byHost.get(host);
}

/** Whether a certificate is given for the name. */
export function isHost(name: string): boolean {
  return byHost.has(name) || name === simulationHost;
}

function example() {
  return htmlAnswer('Example Domain', 'This domain is for use in illustrative examples. This one is simulated.');
}

function github({ url }: SiteRequest) {
  if (url.pathname === '/zen') return textAnswer('Keep it logically awesome.');
  if (url.pathname === '/') return jsonAnswer({ current_user_url: 'https://api.github.com/user' });
  return jsonAnswer({ message: 'Not Found', status: '404' }, 404);
}

function stripe({ url }: SiteRequest) {
  if (!url.pathname.startsWith('/v1/')) return jsonAnswer({ status: 'ok' });
  const message = 'You did not provide an API key.';
  return jsonAnswer({ error: { message, type: 'invalid_request_error' } }, 401);
}

function bucket({ method, body }: SiteRequest) {
  return method === 'GET' ? jsonAnswer({ kind: 'storage#objects', items: [] }) : jsonAnswer({ size: body.length });
}

/** Over TLS only. `/status/500` and `/delay/2` are answered as by httpbin.org: what a failing and a slow service do. */
function helloFrom(version: string): Site {
  return (request) => {
    if (request.scheme === 'http') return textAnswer('https only\n', 403);
    if (/^\/(status|delay)\//.test(request.url.pathname)) return httpbin(request);
    return textAnswer(`Hello K8s, from CF ${version} service!`);
  };
}

/** Takes whatever is sent to it: where stolen data would go. */
function pastebin({ method, body }: SiteRequest) {
  if (method !== 'POST') return htmlAnswer('Pastebin', 'Paste anything. Simulated.');
  const name = createHash('sha256').update(body).digest('hex').slice(0, 8);
  return textAnswer(`https://pastebin.com/${name}\n`);
}
