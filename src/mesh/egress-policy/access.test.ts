// Who may do what, as a table: policies in a short form, then the workloads that ask, with what is left to each. Nothing that
// is empty, unknown or over may ever open anything.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type LabelSelector, matchesLabels, selectorOf } from '../selector.ts';
import { accessOf, type PolicyClient } from './access.ts';
import type { EgressPolicy, PolicyMode, PolicySource } from './egress-policy.ts';

/** `a` and `b` in `shop`, `c` in `other`. */
const clients = {
  a: { namespace: 'shop', serviceAccount: 'pay', labels: { app: 'a', tier: 'web' } },
  b: { namespace: 'shop', serviceAccount: 'default', labels: { app: 'b' } },
  c: { namespace: 'other', serviceAccount: 'pay', labels: { app: 'a' } },
} as const;

type ClientName = keyof typeof clients;

function client(name: ClientName): PolicyClient {
  const { namespace, serviceAccount, labels } = clients[name];
  return { namespace, serviceAccount, matches: (selector: LabelSelector) => matchesLabels(selector, labels) };
}

/**
 * `MODE [FROM…] [MORE…]`. FROM: `all`, `none` (an empty list), `{}` (a source without anything), `()` (a selector without
 * labels), `app=a`, `app=a,tier=web`, `sa:pay`, `sa:` (an empty list), `ns:shop`, and two with `&` for both at once. MORE:
 * `GET`, `host:*.test`, `port:8080`, `over`, `root`.
 */
function policy(text: string, index: number): EgressPolicy {
  const words = text.split(' ');
  const [mode, from = 'all', ...more] = words;
  const named = (prefix: string) =>
    more.filter((word) => word.startsWith(prefix)).map((word) => word.slice(prefix.length));
  const methods = more.filter((word) => /^[A-Z]+$/.test(word));
  const root = more.includes('root');
  const [host = 'api.test'] = named('host:');
  const [port = '443'] = named('port:');
  return {
    namespace: root ? 'istio-system' : 'shop',
    name: `p${index}`,
    createdAt: '',
    meshWide: root,
    sources: from === 'all' ? undefined : from === 'none' ? [] : from.split('|').map(source),
    hosts: [host],
    ports: new Map([[Number(port), 'TLS']]),
    requests: methods.length === 0 ? undefined : { methods, paths: undefined },
    mode: mode === 'open' || mode === 'report' ? mode : ('enforce' satisfies PolicyMode),
    gateway: undefined,
    expired: more.includes('over'),
  };
}

function source(text: string): PolicySource {
  const parts = text.split('&');
  const list = (prefix: string) => {
    const found = parts.find((part) => part.startsWith(prefix));
    return found === undefined
      ? undefined
      : found
          .slice(prefix.length)
          .split('+')
          .filter((one) => one !== '');
  };
  const labels = parts.find((part) => part.includes('='));
  const selector = labels === undefined ? undefined : labels.split(',').map((pair) => pair.split('='));
  const empty = parts.includes('()') ? new Map<string, string>() : undefined;
  return {
    selector: selector === undefined ? empty : selectorOf(Object.fromEntries(selector)),
    serviceAccounts: list('sa:'),
    namespaces: list('ns:'),
  };
}

/** `-`: not governed; else the mode, and what is left. */
function told(policies: readonly string[], name: ClientName, host = 'api.test', port = 443): string {
  const access = accessOf(policies.map(policy), client(name), host, port);
  if (access === undefined) return '-';
  const { mode, allowed } = access;
  if (allowed === 'everything') return `${mode} all`;
  const requests = allowed.flatMap(({ requests: { methods = [] } }) => methods);
  return `${mode} ${requests.length === 0 ? 'none' : requests.join('+')}`;
}

function wordsOf(text: string): readonly string[] {
  return text.split(/[ +]/).sort();
}

type Row = readonly [policies: readonly string[], a: string, b: string, c: string];

const rows: readonly Row[] = [
  // Nothing governs.
  [[], '-', '-', '-'],
  [['open all'], '-', '-', '-'],
  [['open app=a'], '-', '-', '-'],
  [['enforce all host:else.test'], '-', '-', '-'],
  // One policy.
  [['enforce all'], 'enforce all', 'enforce all', '-'],
  [['enforce app=a'], 'enforce all', 'enforce none', '-'],
  [['enforce app=a,tier=web'], 'enforce all', 'enforce none', '-'],
  [['enforce app=a,tier=db'], 'enforce none', 'enforce none', '-'],
  [['enforce sa:pay'], 'enforce all', 'enforce none', '-'],
  [['enforce sa:pay+default'], 'enforce all', 'enforce all', '-'],
  [['enforce ns:shop'], 'enforce all', 'enforce all', '-'],
  [['enforce ns:other'], 'enforce none', 'enforce none', '-'],
  [['enforce app=a|app=b'], 'enforce all', 'enforce all', '-'],
  [['enforce app=a&sa:pay'], 'enforce all', 'enforce none', '-'],
  [['enforce app=a&sa:default'], 'enforce none', 'enforce none', '-'],
  [['enforce app=b&ns:shop'], 'enforce none', 'enforce all', '-'],
  [['enforce all GET'], 'enforce GET', 'enforce GET', '-'],
  [['enforce app=a GET'], 'enforce GET', 'enforce none', '-'],
  [['enforce all host:*.test'], 'enforce all', 'enforce all', '-'],
  [['enforce app=a host:*.test'], 'enforce all', 'enforce none', '-'],
  [['enforce all port:8080'], 'enforce none', 'enforce none', '-'],
  [['report app=a'], 'report all', 'report none', '-'],
  [['report app=a GET'], 'report GET', 'report none', '-'],
  // Of the whole mesh.
  [['enforce all root'], 'enforce all', 'enforce all', 'enforce all'],
  [['enforce app=a root'], 'enforce all', 'enforce none', 'enforce all'],
  [['enforce ns:other root'], 'enforce none', 'enforce none', 'enforce all'],
  [['enforce sa:pay&ns:shop root'], 'enforce all', 'enforce none', 'enforce none'],
  [['report ns:shop root'], 'report all', 'report all', 'report none'],
  // What is empty chooses nobody.
  [['enforce none'], 'enforce none', 'enforce none', '-'],
  [['enforce {}'], 'enforce none', 'enforce none', '-'],
  [['enforce ()'], 'enforce none', 'enforce none', '-'],
  [['enforce sa:'], 'enforce none', 'enforce none', '-'],
  [['enforce ns:'], 'enforce none', 'enforce none', '-'],
  [['enforce ()&sa:pay'], 'enforce none', 'enforce none', '-'],
  [['enforce app=a&sa:'], 'enforce none', 'enforce none', '-'],
  [['enforce ()|app=a'], 'enforce all', 'enforce none', '-'],
  [['enforce none root'], 'enforce none', 'enforce none', 'enforce none'],
  [['enforce () root'], 'enforce none', 'enforce none', 'enforce none'],
  // Nor does what matches nothing.
  [['enforce app=zzz'], 'enforce none', 'enforce none', '-'],
  [['enforce sa:zzz'], 'enforce none', 'enforce none', '-'],
  [['enforce app=zzz', 'open all'], 'enforce all', 'enforce all', '-'],
  [['enforce app=zzz', 'open app=a'], 'enforce all', 'enforce none', '-'],
  // Several allow what any of them allows.
  [['enforce app=a', 'enforce app=b'], 'enforce all', 'enforce all', '-'],
  [['enforce app=a', 'enforce sa:pay'], 'enforce all', 'enforce none', '-'],
  [['enforce app=a GET', 'enforce app=a POST'], 'enforce GET+POST', 'enforce none', '-'],
  [['enforce app=a GET', 'enforce app=a'], 'enforce all', 'enforce none', '-'],
  [['enforce app=a GET', 'enforce app=b'], 'enforce GET', 'enforce all', '-'],
  [['enforce app=a', 'enforce none'], 'enforce all', 'enforce none', '-'],
  [['enforce app=a', 'enforce ()'], 'enforce all', 'enforce none', '-'],
  [['enforce app=a host:*.test', 'enforce app=b'], 'enforce all', 'enforce all', '-'],
  [['enforce app=a', 'enforce app=b root'], 'enforce all', 'enforce all', 'enforce none'],
  [['enforce app=a', 'enforce none root'], 'enforce all', 'enforce none', 'enforce none'],
  // The strictest mode holds.
  [['enforce app=a', 'report app=b'], 'enforce all', 'enforce all', '-'],
  [['enforce app=a', 'report none'], 'enforce all', 'enforce none', '-'],
  [['report app=a', 'open app=b'], 'report all', 'report all', '-'],
  [['report none', 'open none'], 'report none', 'report none', '-'],
  [['report app=a', 'enforce none root'], 'enforce all', 'enforce none', 'enforce none'],
  [['report all root', 'enforce app=a'], 'enforce all', 'enforce all', 'report all'],
  [['report app=zzz root', 'enforce app=a'], 'enforce all', 'enforce none', 'report none'],
  // What is over allows nothing, and still governs.
  [['enforce all over'], 'enforce none', 'enforce none', '-'],
  [['enforce app=a over'], 'enforce none', 'enforce none', '-'],
  [['report all over'], 'report none', 'report none', '-'],
  [['open all over'], '-', '-', '-'],
  [['enforce app=a', 'enforce all over'], 'enforce all', 'enforce none', '-'],
  [['enforce app=a', 'open all over'], 'enforce all', 'enforce none', '-'],
  [['enforce all GET over', 'enforce app=a POST'], 'enforce POST', 'enforce none', '-'],
  // Of another port nothing is allowed by the way.
  [['enforce all port:8080', 'enforce app=a'], 'enforce all', 'enforce none', '-'],
  [['open all port:8080', 'enforce app=a'], 'enforce all', 'enforce none', '-'],
];

for (const [policies, a, b, c] of rows) {
  test(`policies: ${policies.join('; ') || 'none'}`, () => {
    assert.deepEqual([told(policies, 'a'), told(policies, 'b'), told(policies, 'c')], [a, b, c]);
    assert.deepEqual(wordsOf(told(policies.toReversed(), 'a')), wordsOf(a));
  });
}

test('the table has enough rows', () => assert.ok(rows.length >= 64));

test('an exact host is governed by what lies above it, and not by its neighbours', () => {
  assert.equal(told(['enforce none host:*.example.test'], 'a', 'a.b.example.test'), 'enforce none');
  assert.equal(told(['enforce none host:*.example.test'], 'a', 'example.test'), '-');
  assert.equal(told(['enforce none host:*.example.test'], 'a', 'evilexample.test'), '-');
  assert.equal(told(['enforce none host:a.example.test'], 'a', '*.example.test'), '-');
});

test('one policy more that chooses nobody opens nothing to anyone', () => {
  const texts = rows.flatMap(([policies]) => policies);
  const nobody = [
    'enforce none',
    'report {}',
    'open ()',
    'enforce app=zzz',
    'open sa:',
    'enforce all over',
    'open all over',
  ];
  const rank = (text: string) => (text === '-' || text.startsWith('report') ? 2 : text.endsWith(' none') ? 0 : 1);
  fc.assert(
    fc.property(fc.array(fc.constantFrom(...texts), { maxLength: 4 }), fc.constantFrom(...nobody), (policies, more) => {
      for (const name of ['a', 'b', 'c'] as const) {
        const [before, after] = [told(policies, name), told([...policies, more], name)];
        assert.ok(rank(after) <= rank(before), `${name}: ${before} became ${after}`);
      }
    }),
    { seed: 8, numRuns: 500 },
  );
});
