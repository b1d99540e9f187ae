import assert from 'node:assert/strict';
import { test } from 'node:test';
import { findKind, kindByName, kinds, suggestKindName } from './kinds.ts';

for (const [typed, kind] of [
  ['se', 'ServiceEntry'],
  ['SE', 'ServiceEntry'],
  ['ServiceEntry', 'ServiceEntry'],
  ['serviceentries', 'ServiceEntry'],
  ['serviceentry.networking.istio.io', 'ServiceEntry'],
  ['serviceentries.networking.istio.io', 'ServiceEntry'],
  ['serviceentries.v1beta1.networking.istio.io', 'ServiceEntry'],
  ['vs', 'VirtualService'],
  ['DestinationRules.v1alpha3.networking.istio.io', 'DestinationRule'],
  ['dr', 'DestinationRule'],
  ['gateways.networking.istio.io', 'Gateway'],
  ['gw', 'Gateway'],
  ['istio', 'Istio'],
  ['istios', 'Istio'],
  ['istio.istio.banzaicloud.io', 'Istio'],
  ['po', 'Pod'],
  ['svc', 'Service'],
  ['ns', 'Namespace'],
  ['cm', 'ConfigMap'],
  ['sa', 'ServiceAccount'],
  ['secrets', 'Secret'],
  ['mgw', 'MeshGateway'],
  ['meshgateways.istio.banzaicloud.io', 'MeshGateway'],
  ['clusterroles', 'ClusterRole'],
  ['rolebindings', 'RoleBinding'],
  ['hpa', 'HorizontalPodAutoscaler'],
  ['pdb', 'PodDisruptionBudget'],
  ['authorizationpolicies.security.istio.io', 'AuthorizationPolicy'],
  ['egt', 'EgressTest'],
  ['serviceentries.example.com', undefined],
  ['__proto__', undefined],
  ['', undefined],
] as const) {
  test(`${JSON.stringify(typed)} names ${kind}`, () => assert.equal(kindByName(typed)?.kind, kind));
}

test('kinds are found by group and kind, exactly', () => {
  assert.equal(findKind('networking.istio.io', 'ServiceEntry')?.plural, 'serviceentries');
  assert.equal(findKind('', 'ServiceEntry'), undefined);
  assert.equal(findKind('networking.istio.io', 'serviceentry'), undefined);
});

test('a mistyped kind gets a suggestion', () => {
  assert.equal(suggestKindName('servicentry'), 'serviceentry');
  assert.equal(suggestKindName('deploymentconfigs'), undefined);
});

test('no name means two kinds', () => {
  const names = kinds.flatMap(({ plural, singular, shortNames }) => [...new Set([plural, singular, ...shortNames])]);
  assert.equal(new Set(names).size, names.length);
});
