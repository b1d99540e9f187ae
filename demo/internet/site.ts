// What a host of the simulated internet is: a function from a request to an answer.

export interface SiteRequest {
  readonly scheme: 'http' | 'https';
  readonly host: string;
  /** What the TLS handshake named. */
  readonly serverName?: string;
  readonly method: string;
  readonly url: URL;
  /** Name and value by turns, as they came. */
  readonly rawHeaders: readonly string[];
  readonly body: string;
  /** The address that the request came from. */
  readonly origin: string;
}

export interface SiteAnswer {
  readonly status: number;
  readonly type: string;
  readonly body: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Milliseconds until it is given. */
  readonly delayMs?: number;
}

export type Site = (request: SiteRequest) => SiteAnswer;

export function textAnswer(body: string, status = 200): SiteAnswer {
  return { status, type: 'text/plain; charset=utf-8', body };
}

export function htmlAnswer(title: string, text: string): SiteAnswer {
  const head = `<meta charset="utf-8"><title>${title}</title>`;
  const body = `<h1>${title}</h1>\n<p>${text}</p>`;
  return {
    status: 200,
    type: 'text/html; charset=utf-8',
    body: `<!DOCTYPE html>\n<html>\n<head>${head}</head>\n<body>\n${body}\n</body>\n</html>\n`,
  };
}

export function jsonAnswer(value: unknown, status = 200): SiteAnswer {
  return { status, type: 'application/json', body: `${JSON.stringify(value, null, 2)}\n` };
}

export const notFound: SiteAnswer = textAnswer('not found\n', 404);
