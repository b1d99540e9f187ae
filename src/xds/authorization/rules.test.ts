// Rules where less than a request can be seen: what cannot be seen never allows, and of a rule that denies it is left out.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { AuthorizationPolicy, AuthorizationRule, Condition } from '../../mesh/authorization-policy.ts';
import type { Judging } from './conditions.ts';
import { buildAuthorizationRules, denialOfAll } from './rules.ts';
import { judge } from './testing/judge.ts';

const bytes: Judging = {
  reads: 'nothing',
  hostsOfTls: false,
  port: undefined,
  seesAddress: true,
  caller: { kind: 'certificate' },
  handedOver: false,
  trustDomain: 'cluster.local',
};
const passedTls: Judging = { ...bytes, reads: 'server-name' };
const ownTls: Judging = { ...passedTls, hostsOfTls: true };

function rulesOf(policies: readonly AuthorizationPolicy[], judging: Judging) {
  return buildAuthorizationRules({ policies, judging });
}

function condition(attribute: Condition['attribute'], values: readonly string[]): Condition {
  return { attribute, values, notValues: [] };
}

function policy(action: AuthorizationPolicy['action'], rule: Partial<AuthorizationRule>): AuthorizationPolicy {
  const rules = [{ sources: [], operations: [], conditions: [], ...rule }];
  const origin = { namespace: 'shop', name: action.toLowerCase(), createdAt: '' };
  return { ...origin, workloadSelector: undefined, action, boundTo: 'inbound', rules };
}

const get80 = [[condition('request.method', ['GET']), condition('destination.port', ['80'])]];

test('a rule that allows by what cannot be seen allows nothing', () => {
  const rules = rulesOf([policy('ALLOW', { operations: get80 })], bytes);
  assert.equal(judge(rules, { port: 80 }), 'deny');
  assert.equal(denialOfAll(rules), 'unallowed');
});

test('a rule that denies by it denies without it', () => {
  const rules = rulesOf([policy('DENY', { operations: get80 })], bytes);
  assert.equal(judge(rules, { port: 80 }), 'deny');
  assert.equal(judge(rules, { port: 81 }), 'allow');
});

test('hosts are those of TLS where a workload’s own traffic is judged, and nowhere else', () => {
  const allowed = policy('ALLOW', { operations: [[condition('request.host', ['a.test'])]] });
  assert.equal(judge(rulesOf([allowed], ownTls), { sni: 'a.test' }), 'allow');
  assert.equal(judge(rulesOf([allowed], ownTls), { sni: 'b.test' }), 'deny');
  assert.equal(judge(rulesOf([allowed], passedTls), { sni: 'a.test' }), 'deny');
  const bySni = policy('ALLOW', { conditions: [condition('connection.sni', ['*.test'])] });
  assert.equal(judge(rulesOf([bySni], passedTls), { sni: 'a.test' }), 'allow');
  assert.equal(judge(rulesOf([bySni], passedTls), { sni: '' }), 'deny');
});

test('names are texts, whatever stands in them: a.b is not axb', () => {
  const peer = (namespace: string, account: string) => `spiffe://cluster.local/ns/${namespace}/sa/${account}`;
  const rulesFor = (...from: Parameters<typeof condition>) =>
    rulesOf([policy('ALLOW', { sources: [[condition(...from)]] })], bytes);
  for (const rules of [
    rulesFor('source.serviceAccount', ['shop/a.b']),
    rulesFor('source.principal', ['cluster.local/ns/shop/sa/a.b']),
    rulesFor('source.principal', ['*/sa/a.b']),
  ]) {
    assert.equal(judge(rules, { peer: peer('shop', 'a.b') }), 'allow');
    for (const account of ['axb', 'a.b.c', 'aab', 'a'])
      assert.equal(judge(rules, { peer: peer('shop', account) }), 'deny');
  }
  const ofNamespace = rulesFor('source.namespace', ['s.op']);
  assert.equal(judge(ofNamespace, { peer: peer('s.op', 'a') }), 'allow');
  for (const namespace of ['shop', 's.op.x', 'x.s.op']) {
    assert.equal(judge(ofNamespace, { peer: peer(namespace, 'a') }), 'deny');
  }
  const bySni = policy('ALLOW', { conditions: [condition('connection.sni', ['a.b.test'])] });
  assert.equal(judge(rulesOf([bySni], passedTls), { sni: 'a.b.test' }), 'allow');
  assert.equal(judge(rulesOf([bySni], passedTls), { sni: 'axb.test' }), 'deny');
});

test('an SNI with a dot at its end is denied like the one without; it is not what a rule allows', () => {
  for (const [attribute, judging] of [
    ['request.host', ownTls],
    ['connection.sni', passedTls],
  ] as const) {
    for (const [action, answer] of [
      ['DENY', 'deny'],
      ['ALLOW', 'deny'],
    ] as const) {
      const rules = rulesOf([policy(action, { conditions: [condition(attribute, ['a.test', '*.b.test'])] })], judging);
      for (const sni of ['a.test.', 'x.b.test.']) assert.equal(judge(rules, { sni }), answer, `${action} ${sni}`);
    }
  }
});

test('bytes to a wildcard may be for any host below it: a rule that denies one denies them, one that allows it does not', () => {
  const answerTo = (action: AuthorizationPolicy['action'], value: string) =>
    judge(
      rulesOf([policy(action, { operations: [[condition('request.host', [value])]] })], {
        ...bytes,
        hostsOfTls: true,
        host: '*.a.test',
      }),
      {},
    );
  assert.equal(answerTo('DENY', 'www.a.test'), 'deny');
  assert.equal(answerTo('DENY', 'www.b.test'), 'allow');
  assert.equal(answerTo('ALLOW', 'www.a.test'), 'deny');
  assert.equal(answerTo('ALLOW', '*.a.test'), 'allow');
});

test('the rule that denies everything is told, and not another that denies', () => {
  const some = policy('DENY', { conditions: [condition('connection.sni', ['a.test'])] });
  const every = policy('DENY', {});
  const rules = rulesOf(
    [
      { ...some, name: 'a' },
      { ...every, name: 'b' },
    ],
    ownTls,
  );
  assert.deepEqual(denialOfAll(rules), { rule: 'AuthorizationPolicy/shop/b[0]' });
  const none = rulesOf([some, { ...every, action: 'ALLOW', name: 'none', rules: [] }], ownTls);
  assert.equal(denialOfAll(none), 'unallowed');
});

test('a port that is known decides at once', () => {
  const rules = (port: number) =>
    rulesOf([policy('DENY', { conditions: [condition('destination.port', ['80'])] })], {
      ...bytes,
      port,
    });
  assert.deepEqual(denialOfAll(rules(80)), { rule: 'AuthorizationPolicy/shop/deny[0]' });
  assert.deepEqual(rules(81), {});
});

test('who shows no certificate is nobody: not allowed, and not excepted from what is denied', () => {
  const shop = [[condition('source.namespace', ['shop'])]];
  assert.equal(judge(rulesOf([policy('ALLOW', { sources: shop })], bytes), {}), 'deny');
  const others = [[{ ...condition('source.principal', []), notValues: ['*'] }]];
  const denied = rulesOf([policy('DENY', { sources: others })], bytes);
  assert.equal(judge(denied, {}), 'deny');
  assert.equal(judge(denied, { peer: 'spiffe://cluster.local/ns/shop/sa/web' }), 'allow');
});

test('a namespace is that of the mesh’s trust domain, and not a part of another name', () => {
  const rules = rulesOf([policy('ALLOW', { sources: [[condition('source.namespace', ['shop', '*-prod'])]] })], bytes);
  for (const [peer, answer] of [
    ['spiffe://cluster.local/ns/shop/sa/web', 'allow'],
    ['spiffe://cluster.local/ns/eu-prod/sa/web', 'allow'],
    ['spiffe://cluster.local/ns/shop2/sa/web', 'deny'],
    ['spiffe://evil.test/ns/shop/sa/web', 'deny'],
    ['spiffe://cluster.local/ns/team/sa/eu-prod', 'deny'],
  ] as const) {
    assert.equal(judge(rules, { peer }), answer, peer);
  }
});

test('addresses of callers', () => {
  const rules = rulesOf(
    [policy('ALLOW', { sources: [[condition('source.ip', ['192.0.2.0/24', '2001:db8::/32'])]] })],
    bytes,
  );
  assert.equal(judge(rules, { source: '192.0.2.7' }), 'allow');
  assert.equal(judge(rules, { source: '2001:db8::1' }), 'allow');
  assert.equal(judge(rules, { source: '198.51.100.1' }), 'deny');
});

test('what is asked of a proxy has its port in the authority, and 80 where there is none', () => {
  const rules = rulesOf([policy('ALLOW', { conditions: [condition('destination.port', ['80', '8080'])] })], {
    ...bytes,
    reads: 'requests',
    port: 'authority',
  });
  for (const [authority, answer] of [
    ['a.test', 'allow'],
    ['a.test:80', 'allow'],
    ['a.test:8080', 'allow'],
    ['a.test:18080', 'deny'],
    ['a.test:443', 'deny'],
    ['a.test:0443', 'deny'],
    ['a.test:08080', 'allow'],
    ['a.test:+8080', 'allow'],
    ['a.test:', 'allow'],
    ['a.test:65535', 'deny'],
    ['a.test:65536', 'allow'],
    ['[::1]:8080', 'allow'],
    ['[::1]', 'allow'],
    ['[::1]:443', 'deny'],
  ] as const) {
    assert.equal(judge(rules, { headers: { ':authority': authority } }), answer, authority);
  }
});
