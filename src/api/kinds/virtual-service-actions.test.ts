// Mistakes in what the HTTP rules of a VirtualService do, each with its message and its place.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Spec } from './networking.fixture.ts';
import { findings, http, rule, to } from './virtual-service.fixture.ts';

const at = 'spec.http[0]';
const request = (set: Spec) => http({ ...rule, headers: { request: { set } } });
const fault = (given: Spec) => http({ ...rule, fault: given });
const some = { percentage: { value: 1 } };

const found: readonly (readonly [string, Spec, readonly string[]])[] = [
  ['no action', http({}), [`!SP0707 ${at}: HTTP route, redirect or direct_response is required`]],
  [
    'route and redirect',
    http({ ...rule, redirect: { uri: '/' } }),
    [`!SP0708 ${at}: HTTP route cannot contain both route and redirect`],
  ],
  [
    'all actions',
    http({
      redirect: { uri: '/' },
      directResponse: { status: 200 },
      rewrite: { uri: '/' },
      fault: { abort: { httpStatus: 500, ...some } },
    }),
    [
      `!SP0708 ${at}: HTTP route cannot contain both redirect and direct_response`,
      `!SP0708 ${at}: HTTP route cannot contain both fault and redirect`,
      `!SP0708 ${at}: HTTP route cannot contain both rewrite and redirect`,
    ],
  ],
  [
    'an answer and a route',
    http({ ...rule, directResponse: { status: 200 }, rewrite: { uri: '/' } }),
    [
      `!SP0708 ${at}: HTTP route cannot contain both route and direct_response`,
      `!SP0708 ${at}: HTTP route cannot contain both rewrite and direct_response`,
    ],
  ],
  [
    'a destination *',
    http({ route: [to('*')] }),
    [`!SP0709 ${at}.route[0].destination.host: invalid destination host *`],
  ],
  [
    'a destination with a port in its name',
    http({ route: [to('a.example:80')] }),
    [`!SP0709 ${at}.route[0].destination.host: invalid destination host a.example:80`],
  ],
  [
    'a subset',
    http({ route: [{ destination: { host: 'a.example', subset: 'v 1' } }] }),
    [`!SP0709 ${at}.route[0].destination.subset: subset name is invalid: v 1`],
  ],
  [
    'no weights',
    http({ route: [to('a.example', { weight: 0 }), to('b.example')] }),
    [`!SP0710 ${at}.route: total destination weight = 0`],
  ],
  [
    'large weights',
    http({ route: [1, 2, 3].map(() => to('a.example', { weight: 2_147_483_647 })) }),
    [`!SP0710 ${at}.route: total destination weight = 6442450941, more than 4294967295`],
  ],
  [
    'a negative weight',
    http({ route: [to('a.example', { weight: -1 })] }),
    [`!SP0108 ${at}.route[0].weight: -1 is too small; the least is 0`],
  ],
  [
    'the weight of one',
    http({ route: [to('a.example', { weight: 10 })] }),
    [`?SP0711 ${at}.route[0].weight: weight 10 has no effect: the only destination gets everything`],
  ],
  [
    'a line break in a header',
    request({ 'x-a': 'b\r\nhost: c' }),
    [`!SP0713 ${at}.headers.request.set.x-a: header value has a line break or another control character`],
  ],
  [
    'a single percent sign',
    request({ 'x-a': '50%' }),
    [
      `!SP0713 ${at}.headers.request.set.x-a: single % not allowed.  Escape by doubling to %% or encase Envoy variable name in pair of %`,
    ],
  ],
  [
    'a variable of the process',
    request({ 'x-a': '%ENVIRONMENT(HOME)%' }),
    [`!SP0713 ${at}.headers.request.set.x-a: header value has the unknown variable %ENVIRONMENT(HOME)%`],
  ],
  [
    'names of headers to set',
    request({ ':path': '/', 'a\nb': 'c', 'Content-Length': '0', '': 'd' }),
    [
      `!SP0712 ${at}.headers.request.set[":path"]: invalid header ":path": header cannot have ":" prefix or be Host`,
      `!SP0712 ${at}.headers.request.set["a\\nb"]: 'a\nb' is not the name of a header`,
      `!SP0712 ${at}.headers.request.set.Content-Length: Content-Length cannot be set`,
      `!SP0712 ${at}.headers.request.set[""]: header name cannot be empty`,
    ],
  ],
  [
    'Host of an answer, and removed',
    http({ ...rule, headers: { response: { set: { Host: 'a' } }, request: { remove: ['host'] } } }),
    [
      `!SP0712 ${at}.headers.request.remove[0]: invalid header "host": header cannot have ":" prefix or be Host`,
      `!SP0712 ${at}.headers.response.set.Host: invalid header "Host": header cannot have ":" prefix or be Host`,
    ],
  ],
  [
    'two authorities',
    http({ ...rule, rewrite: { authority: 'b' }, headers: { request: { set: { host: 'c' } } } }),
    [
      `!SP0714 ${at}.headers.request.set.host: authority header cannot be set multiple times: have "b", attempting to set "c"`,
    ],
  ],
  [
    'an empty redirect',
    http({ redirect: {} }),
    [`!SP0715 ${at}.redirect: redirect must specify URI, authority, scheme, or port`],
  ],
  [
    'a redirect with all mistakes',
    http({
      redirect: {
        uri: '/a b',
        authority: 'a b',
        scheme: 'ftp',
        redirectCode: 304,
        port: 1,
        derivePort: 'FROM_REQUEST_PORT',
      },
    }),
    [
      `!SP0715 ${at}.redirect: redirect cannot contain both port and derivePort`,
      `!SP0715 ${at}.redirect.redirectCode: 304 is not a valid redirect code`,
      `!SP0715 ${at}.redirect.scheme: invalid redirect scheme, must be "http" or "https"`,
      `!SP0715 ${at}.redirect.uri: '/a b' is not a path: it has a space or a line break`,
      `!SP0715 ${at}.redirect.authority: 'a b' is not an authority`,
    ],
  ],
  [
    'a status and two bodies',
    http({ directResponse: { status: 199, body: { string: 'a', bytes: '!' } } }),
    [
      `!SP0716 ${at}.directResponse.status: HTTP status 199 is not in range 200-599`,
      `!SP0716 ${at}.directResponse.body: a body needs either string or bytes`,
      `!SP0716 ${at}.directResponse.body.bytes: is not base64`,
    ],
  ],
  [
    'a huge body',
    http({ directResponse: { status: 200, body: { string: 'a'.repeat(1_048_577) } } }),
    [`!SP0716 ${at}.directResponse.body: direct response body is 1048577 bytes, the most is 1048576`],
  ],
  [
    'a large body',
    http({ directResponse: { status: 200, body: { string: 'a'.repeat(102_401) } } }),
    [`?SP0717 ${at}.directResponse.body: large direct responses may impact control plane performance`],
  ],
  [
    'an empty rewrite',
    http({ ...rule, rewrite: {} }),
    [`!SP0718 ${at}.rewrite: rewrite must specify URI, UriRegexRewrite, or authority`],
  ],
  [
    'two rewrites',
    http({ ...rule, rewrite: { uri: '/', uriRegexRewrite: { match: 'a' } } }),
    [
      `!SP0718 ${at}.rewrite: rewrite may only contain one of URI or UriRegexRewrite`,
      `!SP0718 ${at}.rewrite.uriRegexRewrite: UriRegexRewrite requires both Rewrite and Match fields to be specified`,
    ],
  ],
  [
    'a group that is not there',
    http({ ...rule, rewrite: { uriRegexRewrite: { match: '(a)(?:b)', rewrite: '\\1\\\\\\0\\2' } } }),
    [`!SP0718 ${at}.rewrite.uriRegexRewrite.rewrite: \\2 is no group of the match, which has 1`],
  ],
  [
    'a bad expression to rewrite by',
    http({ ...rule, rewrite: { uriRegexRewrite: { match: '(a', rewrite: '\\9' } } }),
    [`!SP0702 ${at}.rewrite.uriRegexRewrite.match: missing ): (a`],
  ],
  [
    'a policy without attempts',
    http({ ...rule, retries: { perTryTimeout: '1s' } }),
    [`!SP0719 ${at}.retries: http retry policy configured when attempts are set to 0 (disabled)`],
  ],
  [
    'conditions of retries',
    http({ ...rule, retries: { attempts: 1, retryOn: '5xx,sometimes,999' } }),
    [
      `!SP0719 ${at}.retries.retryOn: "sometimes" is not a valid retryOn policy`,
      `!SP0719 ${at}.retries.retryOn: "999" is not a valid retryOn policy`,
    ],
  ],
  [
    'negative attempts',
    http({ ...rule, retries: { attempts: -1 } }),
    [`!SP0108 ${at}.retries.attempts: attempts cannot be negative`],
  ],
  [
    'durations',
    http({ ...rule, timeout: '0s', retries: { attempts: 1, perTryTimeout: '3 s' } }),
    [
      `!SP0108 ${at}.timeout: '0s' must be a valid duration greater than 1ms`,
      `!SP0109 ${at}.retries.perTryTimeout: '3 s' is not a duration`,
    ],
  ],
  ['no fault', fault({}), [`!SP0720 ${at}.fault: HTTP fault injection must have an abort and/or a delay`]],
  [
    'faults that are not there',
    fault({ abort: { http2Error: 'CANCEL', ...some }, delay: { exponentialDelay: '1s', ...some } }),
    [
      `!SP0720 ${at}.fault.abort.http2Error: HTTP/2 abort fault injection not supported yet`,
      `!SP0720 ${at}.fault.abort: an abort needs either httpStatus or grpcStatus`,
      `!SP0720 ${at}.fault.delay.exponentialDelay: exponentialDelay not supported yet`,
    ],
  ],
  [
    'statuses of faults',
    fault({ abort: { httpStatus: 99, grpcStatus: 'no', ...some }, delay: { ...some } }),
    [
      `!SP0720 ${at}.fault.abort: an abort needs either httpStatus or grpcStatus`,
      `!SP0720 ${at}.fault.abort.httpStatus: HTTP status 99 is not in range 200-599`,
      `!SP0720 ${at}.fault.abort.grpcStatus: gRPC status "no" is not supported`,
      `!SP0720 ${at}.fault.delay: a delay needs fixedDelay`,
    ],
  ],
  [
    'percentages',
    fault({ abort: { httpStatus: 500, percentage: { value: 101 } }, delay: { fixedDelay: '1s', percent: -1 } }),
    [
      `!SP0108 ${at}.fault.delay.percent: -1 is too small; the least is 0`,
      `!SP0108 ${at}.fault.abort.percentage.value: 101 is too large; the most is 100`,
    ],
  ],
  [
    'faults of no request',
    fault({ abort: { httpStatus: 500 }, delay: { fixedDelay: '1s' } }),
    [
      `?SP0726 ${at}.fault.abort: without percentage no request is aborted`,
      `?SP0726 ${at}.fault.delay: without percentage no request is delayed`,
    ],
  ],
  [
    'the deprecated percentage',
    fault({ delay: { fixedDelay: '1s', percent: 50 } }),
    [`?SP0112 ${at}.fault.delay.percent: using deprecated setting "percent", use "percentage" instead`],
  ],
];

for (const [what, spec, expected] of found) {
  test(`found: ${what}`, () => assert.deepEqual(findings(spec), expected));
}
