// Which policy holds for a port and a subset (istio-semantics 4.2), and what becomes of a service under it.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { TrafficPolicy as ApiPolicy, DestinationRule as ApiRule } from '../api/kinds/destination-rule.ts';
import { type DestinationRule, effectivePolicy } from './destination-rule.ts';
import { underRule } from './follow-caller.ts';
import { emptyMesh } from './mesh.ts';
import type { Service } from './service.ts';
import { emptyTrafficPolicy } from './traffic-policy.ts';
import { translateDestinationRule } from './translate-destination-rule.ts';
import { translateServiceEntry } from './translate-service-entry.ts';

const head = { apiVersion: 'networking.istio.io/v1', metadata: { name: 'a', namespace: 'default' } };
const trust = { 'egress.sallyport.dev/original-destination': 'trust' };

function rule(trafficPolicy: ApiPolicy, subset?: ApiPolicy, annotations: Readonly<Record<string, string>> = {}) {
  const object: ApiRule = {
    ...head,
    kind: 'DestinationRule',
    metadata: { ...head.metadata, annotations },
    spec: {
      host: 'a.test',
      trafficPolicy,
      subsets: [{ name: 'v1', ...(subset === undefined ? {} : { trafficPolicy: subset }) }],
    },
  };
  return translateDestinationRule(object);
}

/** The parts that are there, of the policy for a port. */
function parts(trafficPolicy: ApiPolicy, { port = 80, subset }: { port?: number; subset?: ApiPolicy } = {}) {
  const translated = rule(trafficPolicy, subset);
  const named = subset === undefined ? undefined : translated.subsets[0];
  const policy = effectivePolicy(translated, port, named);
  return Object.entries(policy)
    .filter(([, part]) => part !== undefined)
    .map(([name]) => name)
    .sort();
}

const whole: ApiPolicy = {
  connectionPool: { tcp: { maxConnections: 1 } },
  loadBalancer: { simple: 'RANDOM' },
  outlierDetection: {},
  tls: { mode: 'SIMPLE' },
  tunnel: { targetHost: 'b.test', targetPort: 1 },
  retryBudget: { percent: 1 },
};
const every = ['connectionPool', 'loadBalancer', 'outlierDetection', 'retryBudget', 'tls', 'tunnel'];
const onPort80 = (block: ApiPolicy): ApiPolicy => ({ portLevelSettings: [{ port: { number: 80 }, ...block }] });

const rows: readonly (readonly [string, readonly string[], readonly string[]])[] = [
  [
    'without rule for the port the whole policy holds',
    parts({ ...whole, ...onPort80({ tls: {} }) }, { port: 81 }),
    every,
  ],
  [
    'a port’s settings stand in place of all of it, tunnel and budget too',
    parts({ ...whole, ...onPort80({ loadBalancer: { simple: 'RANDOM' } }) }),
    ['loadBalancer'],
  ],
  ['a subset without policy has the host’s', parts(whole, { subset: {} }), every],
  [
    'a subset’s lies over it part by part',
    parts({ tls: { mode: 'SIMPLE' } }, { subset: { proxyProtocol: { version: 'V2' } } }),
    ['proxyProtocol', 'tls'],
  ],
  [
    'a subset’s lies over the port’s too',
    parts({ ...whole, ...onPort80({ tls: {} }) }, { subset: { retryBudget: {} } }),
    ['retryBudget', 'tls'],
  ],
  [
    'a port’s settings of a subset stand in place of everything',
    parts(whole, { subset: { ...whole, ...onPort80({ outlierDetection: {} }) } }),
    ['outlierDetection'],
  ],
];

for (const [what, actual, expected] of rows) test(what, () => assert.deepEqual(actual, expected));

test('without a rule there is no policy', () => assert.equal(effectivePolicy(undefined, 80), emptyTrafficPolicy));

function under(service: Service, rule: DestinationRule | undefined): Service {
  return underRule(emptyMesh, service, rule, { namespace: rule?.namespace ?? '', proxy: 'sidecar' });
}

test('PASSTHROUGH follows callers of a ServiceEntry where the rule trusts them', () => {
  const [service] = translateServiceEntry({
    ...head,
    kind: 'ServiceEntry',
    spec: { hosts: ['a.test'], ports: [{ number: 80, name: 'http', protocol: 'HTTP' }], resolution: 'DNS' },
  });
  if (service === undefined) assert.fail();
  const passthrough: ApiPolicy = { loadBalancer: { simple: 'PASSTHROUGH' } };
  const followed = under(service, rule(passthrough, undefined, trust));
  assert.deepEqual([followed.resolution, followed.trustOriginalDestination], ['NONE', true]);
  assert.equal(under(service, rule(passthrough, undefined, trust)), followed);
  assert.equal(under(service, rule(passthrough)), service);
  assert.equal(under(service, rule({}, passthrough, trust)), service);
  assert.equal(under(service, rule(onPort80(passthrough), undefined, trust)), service);
  const elsewhere = { namespace: 'elsewhere', proxy: 'sidecar' } as const;
  const trusted = rule(passthrough, undefined, trust);
  assert.equal(underRule(emptyMesh, service, trusted, elsewhere), service, 'others trust them not');
  const grants = new Map([[trusted.namespace, ['a.test']]]);
  assert.notEqual(underRule({ ...emptyMesh, grants }, service, trusted, elsewhere), service);
  const kube = { ...service, source: 'Service' } as const;
  assert.equal(under(kube, rule(passthrough, undefined, trust)), kube);
});
