// Headers as they stand in an answer and in a request.

/** Status line, headers in the server's order and case, blank line: with CR and LF, as they came. */
function headersText({ httpVersion, statusCode, statusMessage, rawHeaders }) {
  const lines = [`HTTP/${httpVersion} ${statusCode} ${statusMessage}`];
  for (let index = 0; index < rawHeaders.length; index += 2)
    lines.push(`${rawHeaders[index]}: ${rawHeaders[index + 1]}`);
  return Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1');
}

/** What is sent: curl's own three, then -H in its order. `-H 'Name:'` takes one away, `-H 'Name;'` sends it empty. */
function requestHeaders(url, options, hasBody) {
  const headers = new Map([
    ['host', ['Host', [url.host]]],
    ['user-agent', ['User-Agent', [options.userAgent ?? 'sallyport-demo-client']]],
    ['accept', ['Accept', ['*/*']]],
  ]);
  if (hasBody) headers.set('content-type', ['Content-Type', ['application/x-www-form-urlencoded']]);
  const given = new Set();
  for (const header of options.headers) {
    const [, name = '', divider, value = ''] = /^([^:;]+)([:;])\s*(.*)$/.exec(header) ?? [];
    const key = name.toLowerCase();
    if (name === '') continue;
    if (value === '' && divider === ':') headers.delete(key);
    else if (given.has(key)) headers.get(key)?.[1].push(value);
    else headers.set(key, [name, [value]]);
    given.add(key);
  }
  return [...headers.values()];
}

module.exports = { headersText, requestHeaders };
