// httpbin.org: says what it was asked. The paths that the stories use, with answers shaped like the real one's.
import { randomUUID } from 'node:crypto';
import { htmlAnswer, jsonAnswer, notFound, type Site, type SiteAnswer, type SiteRequest } from './site.ts';

const longestDelayS = 10;

export const httpbin: Site = (request) => {
  const [, first = '', second] = request.url.pathname.split('/');
  const exact = second === undefined;
  switch (first) {
    case '':
      return htmlAnswer('httpbin.org', 'A simple HTTP request &amp; response service, simulated by Sallyport.');
    case 'get':
      return exact ? only('GET', request, describe) : notFound;
    case 'post':
      return exact ? only('POST', request, describeWithBody) : notFound;
    case 'anything':
      return jsonAnswer(describeWithBody(request));
    case 'headers':
      return exact ? only('GET', request, ({ rawHeaders }) => ({ headers: titledHeaders(rawHeaders) })) : notFound;
    case 'ip':
      return exact ? only('GET', request, ({ origin }) => ({ origin })) : notFound;
    case 'uuid':
      return exact ? only('GET', request, () => ({ uuid: randomUUID() })) : notFound;
    case 'status':
      return status(second ?? '');
    case 'delay':
      return delay(second ?? '', request);
    default:
      return notFound;
  }
};

function only(method: string, request: SiteRequest, answer: (request: SiteRequest) => unknown): SiteAnswer {
  if (request.method === method || (method === 'GET' && request.method === 'HEAD')) return jsonAnswer(answer(request));
  return { ...jsonAnswer({ error: `only ${method}` }, 405), headers: { allow: method } };
}

function status(text: string): SiteAnswer {
  const code = Number(text);
  const known = /^\d{3}$/.test(text) && code >= 200 && code <= 599;
  if (!known) return { ...notFound, status: 400, body: 'invalid status code\n' };
  const headers: Record<string, string> = code >= 300 && code < 400 ? { location: '/get' } : {};
  return { status: code, type: 'text/html; charset=utf-8', body: '', headers };
}

function delay(text: string, request: SiteRequest): SiteAnswer {
  const seconds = Number(text);
  if (text === '' || !(seconds >= 0)) return { ...notFound, status: 400, body: 'invalid delay\n' };
  return { ...jsonAnswer(describeWithBody(request)), delayMs: Math.min(seconds, longestDelayS) * 1000 };
}

function describe({ url, rawHeaders, origin }: SiteRequest) {
  return { args: Object.fromEntries(url.searchParams), headers: titledHeaders(rawHeaders), origin, url: url.href };
}

function describeWithBody(request: SiteRequest): Record<string, unknown> {
  const { args, headers, origin, url } = describe(request);
  return { args, data: request.body, headers, method: request.method, origin, url };
}

/** As httpbin shows them: `User-Agent`, in the order of the alphabet, repeated ones joined. */
function titledHeaders(rawHeaders: readonly string[]): Record<string, string> {
  const headers = new Map<string, string>();
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = titled(rawHeaders[index] ?? '');
    const value = rawHeaders[index + 1] ?? '';
    const before = headers.get(name);
    headers.set(name, before === undefined ? value : `${before},${value}`);
  }
  return Object.fromEntries([...headers].sort(([left], [right]) => (left < right ? -1 : 1)));
}

function titled(name: string): string {
  return name.toLowerCase().replace(/(^|-)[a-z]/g, (letter) => letter.toUpperCase());
}
