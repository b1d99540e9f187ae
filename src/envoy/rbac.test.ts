// Rules of RBAC: an empty list of conditions asks for nothing, an empty list of choices lets nothing through.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { toJson } from '@bufbuild/protobuf';
import { PermissionSchema, PrincipalSchema } from './gen/envoy/config/rbac/v3/rbac_pb.js';
import { eachPermission, eachPrincipal, methodIs, pathIs, somePermission, somePrincipal } from './rbac-rules.ts';

const get = methodIs('GET');
const below = pathIs({ kind: 'prefix', value: '/v1/' });

test('all of no conditions is anything, one of no choices is nothing', () => {
  assert.deepEqual(toJson(PermissionSchema, eachPermission([])), { any: true });
  assert.deepEqual(toJson(PermissionSchema, somePermission([])), { notRule: { any: true } });
  assert.deepEqual(toJson(PrincipalSchema, eachPrincipal([])), { any: true });
  assert.deepEqual(toJson(PrincipalSchema, somePrincipal([])), { notId: { any: true } });
});

test('one stands for itself, several stand in a list', () => {
  assert.equal(eachPermission([get]), get);
  assert.equal(somePermission([get]), get);
  assert.deepEqual(toJson(PermissionSchema, eachPermission([get, below])), {
    andRules: {
      rules: [
        { header: { name: ':method', stringMatch: { exact: 'GET' } } },
        { urlPath: { path: { prefix: '/v1/' } } },
      ],
    },
  });
});
