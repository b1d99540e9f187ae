// Who an EgressPolicy lets out, as it is told to people.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type AdmissionContext, admissionOf } from './admission.ts';
import type { EgressPolicy } from './egress-policy.ts';

const plain: EgressPolicy = {
  namespace: 'shop',
  name: 'pay',
  createdAt: '',
  meshWide: false,
  sources: undefined,
  hosts: ['api.test'],
  ports: new Map([
    [80, 'HTTP'],
    [443, 'TLS'],
  ]),
  requests: undefined,
  mode: 'enforce',
  gateway: undefined,
  expired: false,
};
const source = { selector: undefined, serviceAccounts: undefined, namespaces: undefined };
const sources = [
  { ...source, selector: new Map([['app', 'pay']]), serviceAccounts: ['pay'] },
  { ...source, serviceAccounts: ['a', 'b'] },
];
const gateway = { namespace: 'istio-system', name: 'egress' };
const refused =
  'All else from namespace shop is refused, unless another policy allows it: HTTP with 403, connections by a reset.';

for (const [title, policy, expected, context] of [
  [
    'everybody of the namespace',
    {},
    ['Sidecars allow all workloads of namespace shop: api.test, port 80 (HTTP), 443 (TLS).', refused],
  ],
  [
    'by labels and service accounts, at sidecars and at the gateway',
    { sources, gateway },
    [
      'Sidecars allow workloads of namespace shop with labels app=pay and service account pay; workloads of namespace shop with service account a or b: api.test, port 80 (HTTP), 443 (TLS).',
      refused,
      'The gateway istio-system/egress lets in spiffe://mesh/ns/shop/sa/pay, spiffe://mesh/ns/shop/sa/a, spiffe://mesh/ns/shop/sa/b.',
    ],
  ],
  [
    'labels alone are the whole namespace at the gateway',
    { sources: [{ ...source, selector: new Map([['app', 'pay']]) }], gateway },
    [
      'Sidecars allow workloads of namespace shop with labels app=pay: api.test, port 80 (HTTP), 443 (TLS).',
      refused,
      'The gateway istio-system/egress lets in spiffe://mesh/ns/shop/sa/*.',
    ],
  ],
  [
    'the whole mesh, without certificates',
    { meshWide: true, namespace: 'istio-system', sources: [{ ...source, namespaces: ['a', 'b'] }], gateway },
    [
      'Sidecars allow workloads of namespace a or b: api.test, port 80 (HTTP), 443 (TLS).',
      'All else is refused, unless another policy allows it: HTTP with 403, connections by a reset.',
      'The gateway istio-system/egress knows no identities with proxy capture: it asks nobody who they are.',
    ],
    { mutualTls: false },
  ],
  [
    'some requests, which are only reported',
    {
      mode: 'report',
      ports: new Map([[80, 'HTTP']]),
      requests: { methods: ['GET', 'PUT'], paths: ['/v1/*'] },
      gateway,
    },
    [
      'Sidecars allow all workloads of namespace shop: api.test, port 80 (HTTP), methods GET, PUT, paths /v1/*.',
      'All else from namespace shop passes too, and is told as policy-reported, unless another policy allows it.',
    ],
  ],
  [
    'an open one',
    { mode: 'open' },
    [
      'Sidecars allow all workloads of namespace shop: api.test, port 80 (HTTP), 443 (TLS).',
      'All else from namespace shop passes too, unless another policy closes the host.',
    ],
  ],
  [
    'one whose time is over',
    { expired: true, gateway },
    ['It has expired, and allows nobody any more.', refused, 'The gateway istio-system/egress lets nobody in for it.'],
  ],
  ['one whose hosts others route', { hosts: [] }, ['It is applied to none of its hosts.']],
] satisfies readonly (readonly [string, Partial<EgressPolicy>, readonly string[], Partial<AdmissionContext>?])[]) {
  test(title, () => {
    const given = { mutualTls: true, trustDomain: 'mesh', ...context };
    assert.deepEqual(admissionOf({ ...plain, ...policy }, given), expected);
  });
}
