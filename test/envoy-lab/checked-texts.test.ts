// The texts of manifests that Envoy reads by itself: regular expressions, values of headers, cipher suites. Whatever
// validation lets through Envoy must take, since it refuses a whole resource for one bad text.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { cipherSuites } from '../../src/api/kinds/gateway-ciphers.ts';
import { headerValueMistake, plainVariables } from '../../src/api/kinds/virtual-service-header-value.ts';
import { acceptedRegexes, refusedRegexes } from '../../src/api/re2-syntax.fixture.ts';
import { readRe2 } from '../../src/api/re2-syntax.ts';
import { validateConfig } from '../support/envoy-process.ts';
import { httpListener, type Json, staticCluster, typed } from './envoy-json.ts';

const istioProgramSize = { 're2.max_program_size.error_level': 32_768 };

function validateRoutes(routes: readonly Json[], runtime: Json = istioProgramSize) {
  const manager = { route_config: { virtual_hosts: [{ name: 'all', domains: ['*'], routes }] } };
  const layers = [{ name: 'static', static_layer: runtime }];
  return validateConfig({
    layered_runtime: { layers },
    static_resources: { listeners: [httpListener('80', { manager })] },
  });
}

function matching(regex: string): Json {
  return { match: { safe_regex: { regex } }, direct_response: { status: 200 } };
}

function adding(value: string): Json {
  const header = { key: 'x-a', value };
  return { match: { prefix: '/' }, direct_response: { status: 200 }, request_headers_to_add: [{ header }] };
}

test('Envoy takes the regular expressions that we take', async () => {
  const { ok, output } = await validateRoutes(acceptedRegexes.map(matching));
  assert.ok(ok, output);
});

for (const [regex, mistake] of refusedRegexes) {
  test(`Envoy refuses ${regex}`, async () => {
    const { ok, output } = await validateRoutes([matching(regex)]);
    assert.equal(ok, false);
    assert.ok(output.includes(mistake.slice(0, mistake.indexOf(':'))), output);
  });
}

test('of regular expressions made of anything Envoy takes those that we take', async () => {
  const tokens =
    '( ) (?: (?i) (?P<n> [ [^ ] * + ? {2} {2,} {0,3} { } | \\d \\ \\pL \\Q \\E . ^ $ - a b [:alpha:] é \\x41 \\12';
  const text = fc
    .array(fc.constantFrom(...tokens.split(' ')), { minLength: 1, maxLength: 8 })
    .map((all) => all.join(''));
  const samples = fc.sample(text, { seed: 20261121, numRuns: 400 });
  const good = samples.filter((regex) => readRe2(regex).mistake === undefined);
  assert.ok(good.length > 50);
  const { ok, output } = await validateRoutes(good.map(matching));
  assert.ok(ok, output);
  for (const regex of samples.filter((sample) => !good.includes(sample)).slice(0, 25)) {
    assert.equal((await validateRoutes([matching(regex)])).ok, false, regex);
  }
});

test('a program of more than 100 instructions needs the setting that Istio starts its Envoys with', async () => {
  const regex = '/a{100}';
  const without = await validateRoutes([matching(regex)], {});
  assert.equal(without.ok, false);
  assert.match(without.output, /max program size of 100/);
  assert.ok((await validateRoutes([matching(regex)])).ok);
});

test('the size that we reckon is not below that of Envoy', async () => {
  for (const regex of [
    '\\pS{50}',
    '([acegikmoqsuwy]b?){40}',
    '(a)*(bc|de){10,}',
    '(?i)[\\pL\\pN]{20}x',
    '\\W{9}(a{2}){0,9}',
  ]) {
    const { output } = await validateRoutes([matching(regex)], { 're2.max_program_size.error_level': 1 });
    const size = Number(/program size of (\d+)/.exec(output)?.[1]);
    assert.ok(size > 1 && size <= readRe2(regex).size, `${regex}: ${size}, reckoned ${readRe2(regex).size}`);
  }
});

const goodValues = [
  '100%%',
  'a\tb',
  '',
  '%REQ(x-a)%',
  '%REQ(X?:path):10%',
  '%RESP(a)%%TRAILER(b)%',
  '%START_TIME(%Y-%m-%d)%',
];
const badValues = ['100%', '%FOO%', '%REQ%', '%REQ()%', '%REQ(a', '%HOSTNAME:3%', '% %', 'a\nb', 'a\u0000b'];

test('Envoy takes the values of headers that we take', async () => {
  const values = [...goodValues, ...[...plainVariables].map((name) => `a %${name}% b`)];
  for (const value of values) assert.equal(headerValueMistake(value), undefined, value);
  const { ok, output } = await validateRoutes(values.map(adding));
  assert.ok(ok, output);
});

for (const value of badValues) {
  test(`Envoy refuses the value ${JSON.stringify(value)}`, async () => {
    assert.notEqual(headerValueMistake(value), undefined);
    assert.equal((await validateRoutes([adding(value)])).ok, false);
  });
}

test('a value that tells of the process of the proxy is refused although Envoy takes it', async () => {
  assert.ok((await validateRoutes([adding('%ENVIRONMENT(HOME)%')])).ok);
  assert.notEqual(headerValueMistake('%ENVIRONMENT(HOME)%'), undefined);
});

test('Envoy takes each cipher suite that we take, and refuses others', async () => {
  const validate = (names: readonly string[]) => {
    const context = { common_tls_context: { tls_params: { cipher_suites: names } } };
    const config = typed('envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext', context);
    const clusters = [staticCluster('c', 9, { transport_socket: { name: 'tls', typed_config: config } })];
    return validateConfig({ static_resources: { clusters } });
  };
  for (const name of cipherSuites) assert.ok((await validate([name])).ok, name);
  for (const name of ['TLS_AES_128_GCM_SHA256', 'FOO', 'ECDHE-RSA-AES256-SHA384']) {
    assert.equal((await validate([name])).ok, false, name);
  }
});
