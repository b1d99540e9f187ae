// The truth table on the rules as they are built, for the outbound side and, with the same callers behind mTLS, for the inbound one.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decodeObject } from '../../api/decode.ts';
import { authorizationPolicyKind } from '../../api/kinds/authorization-policy.ts';
import { parseObject } from '../../api/parse-object.ts';
import { spiffeIdentity } from '../../api/spiffe.ts';
import type { AuthorizationPolicy } from '../../mesh/authorization-policy.ts';
import { emptyHostIndex, type HostIndex } from '../../mesh/host-index.ts';
import { selectAuthorizationPolicies } from '../../mesh/select-authorization-policies.ts';
import { matchesLabels } from '../../mesh/selector.ts';
import { translateAuthorizationPolicy } from '../../mesh/translate-authorization-policy.ts';
import type { Judging } from './conditions.ts';
import { buildAuthorizationRules } from './rules.ts';
import { judge } from './testing/judge.ts';
import { askers, policyObjects, readRow, type TruthTable, truthTables } from './testing/truth-table.ts';

const trustDomain = 'cluster.local';

function policiesOf(
  table: TruthTable,
  order: (objects: readonly AuthorizationPolicy[]) => readonly AuthorizationPolicy[],
) {
  const translated = policyObjects(table).flatMap((object) => {
    const { diagnostics } = decodeObject(object);
    assert.deepEqual(
      diagnostics.filter(({ severity }) => severity === 'error'),
      [],
    );
    const parsed = parseObject(authorizationPolicyKind.schema, object);
    return parsed === undefined ? [] : translateAuthorizationPolicy(parsed);
  });
  let index: HostIndex<AuthorizationPolicy> = emptyHostIndex();
  for (const policy of order(translated)) {
    index = index.with(policy.namespace, [...index.get(policy.namespace), policy]);
  }
  return index;
}

function rulesFor(policies: HostIndex<AuthorizationPolicy>, asker: keyof typeof askers, caller: Judging['caller']) {
  const { namespace, labels } = askers[asker];
  const client = { namespace, matches: (selector: ReadonlyMap<string, string>) => matchesLabels(selector, labels) };
  return buildAuthorizationRules({
    policies: selectAuthorizationPolicies(policies, client),
    judging: {
      reads: 'requests',
      hostsOfTls: true,
      port: 80,
      seesAddress: true,
      caller,
      handedOver: false,
      trustDomain,
    },
  });
}

/** As Envoy normalises it where a rule asks for paths. */
function normalPath(path: string): string {
  return path.replace(/\/[^/]+\/\.\./, '');
}

for (const table of truthTables) {
  test(`truth table: ${table.title}`, () => {
    for (const [asked, answer] of table.rows) {
      const { asker, host, method, path, headers } = readRow(asked);
      const all = { ...headers, ':authority': host, ':method': method, ':path': normalPath(path) };
      const outbound = rulesFor(
        policiesOf(table, (given) => given),
        asker,
        { kind: 'workload', ...askers[asker] },
      );
      assert.equal(judge(outbound, { headers: all }), answer, asked);
      const inbound = rulesFor(
        policiesOf(table, (given) => given),
        asker,
        { kind: 'certificate' },
      );
      const peer = spiffeIdentity({ ...askers[asker], trustDomain });
      assert.equal(judge(inbound, { headers: all, peer }), answer, `${asked}, behind mTLS`);
      const reversed = rulesFor(
        policiesOf(table, (given) => given.toReversed()),
        asker,
        { kind: 'certificate' },
      );
      assert.deepEqual(reversed, inbound, 'whatever the order');
    }
  });
}

test('the table has enough rows', () => {
  assert.ok(truthTables.flatMap(({ rows }) => rows).length >= 64);
});
