// Whom a chain judges: bytes that a VirtualService sends elsewhere are for the host that they were sent to.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { create, toBinary } from '@bufbuild/protobuf';
import { FilterChainSchema } from '../envoy/gen/envoy/config/listener/v3/listener_components_pb.js';
import type { AuthorizationPolicy } from '../mesh/authorization-policy.ts';
import { defaultMeshConfig } from '../mesh/mesh-config.ts';
import { proxySettingsOf, withAuthorization } from '../mesh/proxy-settings.ts';
import { emptyTrafficPolicy } from '../mesh/traffic-policy.ts';
import { connectionSettingsOf } from './connection-settings.ts';
import { passedChain } from './filter-chains.ts';
import type { PassedRoute } from './virtual-service/passed-routes.ts';

const route: PassedRoute = {
  name: 'bytes.test:9000|default/bytes|0',
  port: 9000,
  serverNames: [],
  subnets: ['192.0.2.0/24'],
  clusters: [{ cluster: 'outbound|9000||away.test', weight: 1 }],
  leadsTo: ['away.test'],
  settings: connectionSettingsOf(emptyTrafficPolicy),
  forwarded: undefined,
  expectsTls: false,
};

test('rules for hosts judge bytes that a VirtualService sends elsewhere by the host they are for', () => {
  const leads = (action: AuthorizationPolicy['action'], host: string) => {
    const operations = [[{ attribute: 'request.host', values: [host], notValues: [] } as const]];
    const policy: AuthorizationPolicy = {
      namespace: 'shop',
      name: 'hosts',
      createdAt: '',
      workloadSelector: undefined,
      action,
      boundTo: 'outbound',
      rules: [{ sources: [], operations, conditions: [] }],
    };
    const self = { namespace: 'shop', serviceAccount: 'web' };
    const settings = withAuthorization(proxySettingsOf(defaultMeshConfig, undefined), {
      inbound: [],
      outbound: [policy],
      self,
    });
    const chain = create(FilterChainSchema, passedChain(route, 'bytes.test', settings));
    return Buffer.from(toBinary(FilterChainSchema, chain)).includes('away.test');
  };
  assert.deepEqual([leads('DENY', 'bytes.test'), leads('DENY', 'other.test')], [false, true]);
  assert.deepEqual([leads('ALLOW', 'bytes.test'), leads('ALLOW', 'other.test')], [true, false]);
});
