// AuthorizationPolicies for properties of views: every attribute that a rule may ask for, also what nobody can know.
import fc from 'fast-check';
import type { AuthorizationPolicy, Condition } from '../../mesh/authorization-policy.ts';
import { origin, selector } from './arbitrary-names.ts';

const askedFor: readonly (readonly [Condition['attribute'], string])[] = [
  ['source.principal', 'cluster.local/ns/default/sa/*'],
  ['source.namespace', 'default'],
  ['source.ip', '192.0.2.0/24'],
  ['request.host', 'a.test'],
  ['request.host', '*.wild.test'],
  ['request.method', 'GET'],
  ['request.path', '/a/*'],
  ['destination.port', '443'],
  ['destination.ip', '192.0.2.1'],
  ['connection.sni', '*.test'],
  ['token', 'a'],
];

const condition: fc.Arbitrary<Condition> = fc
  .record({
    asked: fc.constantFrom(...askedFor),
    excepted: fc.boolean(),
  })
  .map(({ asked: [attribute, value], excepted }) => ({
    attribute,
    values: excepted ? [] : [value],
    notValues: excepted ? [value] : [],
  }));

const conditions = fc.array(condition, { maxLength: 2 });
const alternatives = fc.array(conditions, { maxLength: 2 });

export const authorizationPolicy: fc.Arbitrary<AuthorizationPolicy> = fc.record({
  ...origin,
  namespace: fc.constantFrom('default', 'istio-system', 'other'),
  workloadSelector: selector,
  action: fc.constantFrom('ALLOW', 'DENY'),
  boundTo: fc.constantFrom('inbound', 'outbound'),
  rules: fc.array(fc.record({ sources: alternatives, operations: alternatives, conditions }), { maxLength: 2 }),
});
