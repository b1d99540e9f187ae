// Expressions for the filters of access logs, shared by the test of our reading and the one of Envoy's.

/** Taken by both. */
export const goodExpressions = [
  'response.code >= 400',
  "response.code == 200 || request.method != 'GET' && !connection.mtls",
  "request.url_path.startsWith('/a') ? response.code > 0x1F4 : true",
  "request.headers['x-a'].contains(\"b\\n\\t'\")",
  "request.path.matches(r'^/a\\d{3}$')",
  "matches(request.path, '^/a\\\\d+$')",
  'size(request.path) + 1 > request.path.size() * 2 - 3 % 4 / 5',
  "request.method in ['GET', 'PUT'] || response.code in []",
  'has(request.referer) && !has(response.grpc_status)',
  "metadata.filter_metadata['a']['b'] == 'c'",
  "filter_state['a'] == b'c'",
  "request.duration > duration('1s')",
  "request.time > timestamp('2020-01-01T00:00:00Z')",
  "int(request.size) < 5 && uint(3) == 3u && double('1.5') == 1.5e3 && bytes('a') == b'a'",
  "xds.cluster_name.endsWith('test')",
  '-response.code < -1',
  'null == null',
  '(((((true)))))',
  "'é' == request.host",
] as const;

/** Refused by Envoy, with the listener that they stand in. */
export const badExpressions = [
  'response.code >= ',
  '',
  'response.code >= 400)',
  '(response.code >= 400',
  'response.code = 400',
  'response.code & 4 == 4',
  "request.method == 'GET",
  "request.method == 'GET' 'PUT'",
  'foo(response.code)',
  'request.path.lowerAscii()',
  'string(response.code)',
  'size()',
  'size(request.path, 1)',
  "matches('a')",
  "request.path.startsWith('a', 'b')",
  'request.headers.exists(h, true)',
  "has(request.headers['a'])",
  'has(request)',
  "'a'.matches('(')",
  "'a'.matches('a{1001}')",
  "request.path.matches('\\\\q')",
  "'\\q' == 'a'",
  '99999999999999999999 == 1',
  '1. == 1',
  'in == 1',
  'while == 1',
  'a..b',
  '.a.',
  '[1, 2',
  'true ? false',
  `${'('.repeat(60)}true${')'.repeat(60)}`,
] as const;

/** Taken by Envoy; not by us, who would have to know more. */
export const unreadExpressions = [
  'request.path.matches(request.host)',
  "'''a''' == 'a'",
  '1 == 1 // comment',
  "{'a': 1}.a == 1",
  '!!true',
] as const;
