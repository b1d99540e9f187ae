// Verdicts on built worlds, one for each thing that decides: what of it is not known goes both ways.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { serviceEntry } from '../../test/support/mesh.ts';
import {
  authorizationPolicy,
  egressPolicy,
  outboundPolicy,
  sidecar,
  virtualService,
} from '../../test/support/networking.ts';
import { routedMesh } from '../../test/support/routed-mesh.ts';
import type { Attempt } from './attempt.ts';
import { createObjectWorld } from './object-world.ts';
import { callerNamed, runningPod, storedObjects } from './testing/mesh-objects.ts';
import type { End, Verdict } from './verdict.ts';

const pods = runningPod('web') + runningPod('pay', { serviceAccount: 'pay' });
const both = [
  { number: 80, name: 'http', protocol: 'HTTP' },
  { number: 443, name: 'tls', protocol: 'TLS' },
];
const api = serviceEntry('api', { hosts: ['api.test'], ports: both });
const ranged = serviceEntry('db', {
  hosts: ['db.test'],
  addresses: ['8.8.0.0/16'],
  ports: [{ number: 5432, name: 'tcp', protocol: 'TCP' }],
  resolution: 'NONE',
});
const web = [{ selector: { matchLabels: { app: 'web' } } }];
const http = (host: string, more: Partial<Attempt> = {}): Attempt => ({ protocol: 'http', host, port: 80, ...more });
const tls = (host: string): Attempt => ({ protocol: 'tls', host, port: 443 });

function verdictOn(
  objects: string,
  who: string,
  attempt: Attempt,
  mode: 'REGISTRY_ONLY' | 'ALLOW_ANY' = 'REGISTRY_ONLY',
): Verdict {
  const capture = { kind: 'redirect' } as const;
  const world = createObjectWorld({
    objects: storedObjects(outboundPolicy(mode) + pods + objects),
    capture,
    strict: true,
  });
  return world.verdictOf(callerNamed(world, who), attempt);
}

function told({ answer, ways }: Verdict): string {
  return `${answer} ${ways.map(({ when, end }) => `[${when.join(', ')}] ${endText(end)}`).join('; ')}`;
}

function endText(end: End): string {
  switch (end.kind) {
    case 'refused':
      return `${end.how} ${end.signature} ${end.object}`;
    case 'unanswered':
      return `${end.how} ${end.object}`;
    case 'answered':
      return `${end.code} ${end.object}`;
    case 'untold':
      return end.reason;
    default:
      return `${end.kind} ${end.host}:${end.port}`;
  }
}

const table: readonly (readonly [string, string, string, Attempt, string])[] = [
  ['a registered host', api, 'web', http('api.test'), 'allowed [] external api.test:80'],
  ['a trailing dot and another case', api, 'web', http('API.test.'), 'allowed [] external api.test:80'],
  [
    'another port',
    api,
    'web',
    http('api.test', { port: 81 }),
    'refused [] closed unknown-address Istio/istio-system/mesh',
  ],
  ['an unregistered host', api, 'web', http('x.test'), 'refused [] 502 unknown-host Istio/istio-system/mesh'],
  ['an unregistered SNI', api, 'web', tls('x.test'), 'refused [] closed unknown-sni Istio/istio-system/mesh'],
  [
    'a range that the address may be in',
    ranged,
    'web',
    { protocol: 'tcp', host: 'x.test', port: 5432 },
    'depends [the address of x.test is in 8.8.0.0/16] external db.test:5432; [the address of x.test is not in 8.8.0.0/16] closed unknown-address Istio/istio-system/mesh',
  ],
  [
    'an address in the range',
    ranged,
    'web',
    { protocol: 'tcp', host: 'x.test', port: 5432, address: '8.8.4.4' },
    'allowed [] external db.test:5432',
  ],
  [
    'a Sidecar that hides it',
    api + sidecar('narrow', { egress: [{ hosts: ['istio-system/*'] }] }),
    'web',
    tls('api.test'),
    'refused [] closed unknown-sni Sidecar/default/narrow',
  ],
  [
    'an EgressPolicy by path, of an unknown request',
    egressPolicy('own', { from: web, hosts: ['api.test'], paths: ['/v1/*'] }),
    'web',
    http('api.test'),
    'depends [its path begins with /v1/, its path contains %2f] 403 policy-denied EgressPolicy/default/own; [its path begins with /v1/, its path does not contain %2f, its path contains %5c] 403 policy-denied EgressPolicy/default/own; [its path begins with /v1/, its path does not contain %2f, its path does not contain %5c] external api.test:80; [its path does not begin with /v1/] 403 policy-denied EgressPolicy/default/own',
  ],
  [
    'the same of a known one',
    egressPolicy('own', { from: web, hosts: ['api.test'], paths: ['/v1/*'] }),
    'web',
    http('api.test', { path: '/v1/x' }),
    'allowed [] external api.test:80',
  ],
  [
    'an EgressPolicy for another workload, by TLS',
    egressPolicy('own', { from: web, hosts: ['api.test'] }),
    'pay',
    tls('api.test'),
    'refused [] closed policy-denied EgressPolicy/default/own',
  ],
  [
    'an AuthorizationPolicy on what leaves',
    api +
      authorizationPolicy(
        'own',
        { action: 'DENY', rules: [{ to: [{ operation: { methods: ['POST'] } }] }] },
        { annotations: { 'egress.sallyport.dev/bound-to': 'outbound' } },
      ),
    'web',
    http('api.test'),
    'depends [its method is POST] 403 policy-denied AuthorizationPolicy/default/own; [its method is not POST] external api.test:80',
  ],
  [
    'a rule by header that answers by itself',
    api +
      virtualService('own', {
        hosts: ['api.test'],
        http: [
          { match: [{ headers: { 'x-team': { exact: 'a' } } }], directResponse: { status: 418 } },
          { route: [{ destination: { host: 'api.test' } }] },
        ],
      }),
    'web',
    http('api.test', { headers: new Map([['x-team', 'a']]) }),
    'refused [] 418 VirtualService/default/own',
  ],
  ['a way through a gateway', routedMesh, 'web', tls('asked.test'), 'allowed [] external asked.test:443'],
  ['a gateway that does not serve it', routedMesh, 'web', http('lost.test'), 'refused [] 404 not-served default'],
  [
    'the loopback',
    api,
    'web',
    http('localhost', { port: 8080 }),
    'depends [] cannot be told: what is on the loopback of the workload: it never leaves it',
  ],
];

for (const [what, objects, who, attempt, expected] of table) {
  test(`${what}: ${attempt.protocol} ${attempt.host}:${attempt.port} by ${who}`, () => {
    const strict = !expected.includes('cannot be told');
    if (strict) assert.equal(told(verdictOn(objects, who, attempt)), expected);
    else assert.throws(() => verdictOn(objects, who, attempt), { name: 'Untellable' });
  });
}

test('where any host passes, it passes as what it is', () => {
  assert.equal(told(verdictOn(api, 'web', http('x.test'), 'ALLOW_ANY')), 'allowed [] passthrough x.test:80');
  // The same connection, but of a host that is registered.
  assert.equal(told(verdictOn(api, 'web', tls('api.test'), 'ALLOW_ANY')), 'allowed [] external api.test:443');
});

test('a verdict that was given once is that of a world where it was not, whoever asked first', () => {
  const objects = storedObjects(
    outboundPolicy('REGISTRY_ONLY') + pods + routedMesh + runningPod('twin', { labels: { app: 'twin' } }),
  );
  const worldOf = () => createObjectWorld({ objects, capture: { kind: 'redirect' }, strict: true });
  const shared = worldOf();
  for (const host of ['asked.test', 'lost.test', 'far.test', 'x.test']) {
    for (const who of ['web', 'twin', 'pay', 'web']) {
      const fresh = worldOf();
      assert.deepEqual(
        shared.verdictOf(callerNamed(shared, who), http(host)),
        fresh.verdictOf(callerNamed(fresh, who), http(host)),
      );
    }
  }
});
