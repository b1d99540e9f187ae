// The smallest change for each way in which an attempt is stopped: what is proposed lets it out, and says what it is.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { serviceEntry } from '../../test/support/mesh.ts';
import {
  authorizationPolicy,
  egressPolicy,
  gateway,
  gatewayPort,
  meshGateway,
  outboundPolicy,
  sidecar,
  virtualService,
} from '../../test/support/networking.ts';
import { createObjectWorlds } from '../verdict/object-world.ts';
import { callerNamed, runningPod, storedObjects } from '../verdict/testing/mesh-objects.ts';
import { mend } from './mend.ts';
import { parseTarget } from './target.ts';

const both = [
  { number: 80, name: 'http', protocol: 'HTTP' },
  { number: 443, name: 'tls', protocol: 'TLS' },
];
const inMesh = outboundPolicy('REGISTRY_ONLY') + runningPod('web') + runningPod('pay', { serviceAccount: 'pay' });

const api = serviceEntry('api', { hosts: ['api.test'], ports: both });
const apart = { namespace: 'apart' };
const router = meshGateway('egress', { type: 'egress', ports: [gatewayPort('http', 80, 8080)] });
const server = { port: { number: 80, name: 'http', protocol: 'HTTP' }, hosts: ['other.test'] };
const behind = gateway('out', { selector: { 'gateway-name': 'egress' }, servers: [server] });
const led = virtualService('led', {
  hosts: ['api.test'],
  gateways: ['mesh', 'out'],
  http: [
    { match: [{ gateways: ['mesh'] }], route: [{ destination: { host: 'egress.default.svc.cluster.local' } }] },
    { match: [{ gateways: ['out'] }], route: [{ destination: { host: 'api.test', port: { number: 80 } } }] },
  ],
});
const web = [{ selector: { matchLabels: { app: 'web' } } }];

/** Of whom, what is asked for, what there is beside, and what is to be said. */
const table: readonly (readonly [string, string, string, string | undefined])[] = [
  ['web', 'http://api.test', '', 'register api.test with a ServiceEntry for the namespace default'],
  ['web', 'https://api.test', '', 'register api.test with a ServiceEntry for the namespace default'],
  ['web', 'tcp://db.test:5432', '', 'register db.test with a ServiceEntry for the namespace default'],
  ['web', 'tcp://192.0.2.7:5432', '', 'register 192.0.2.7 with a ServiceEntry for the namespace default'],
  ['web', 'http://192.0.2.7/', '', 'register 192.0.2.7 with a ServiceEntry for the namespace default'],
  ['web', 'http://api.test:8080', api, 'add port 8080 to ServiceEntry/default/api'],
  [
    'web',
    'http://api.test',
    serviceEntry('api', { hosts: ['api.test'], ports: both, exportTo: ['.'] }, apart),
    'add the namespace default to exportTo of ServiceEntry/apart/api',
  ],
  [
    'web',
    'https://api.test',
    api + sidecar('narrow', { egress: [{ hosts: ['istio-system/*'] }] }),
    'add ./api.test to the egress hosts of Sidecar/default/narrow',
  ],
  [
    'pay',
    'http://api.test',
    egressPolicy('api', { from: web, hosts: ['api.test'] }),
    'add the service account pay to from of EgressPolicy/default/api',
  ],
  [
    'web',
    'http://api.test/v2/x?y=1',
    egressPolicy('api', { from: web, hosts: ['api.test'], methods: ['POST'], paths: ['/v1/*'] }),
    'add GET to methods, /v2/x to paths of EgressPolicy/default/api',
  ],
  [
    'pay',
    'https://api.test',
    egressPolicy('api', { from: web, hosts: ['api.test'] }),
    'add the service account pay to from of EgressPolicy/default/api',
  ],
  [
    'web',
    'http://api.test',
    api +
      authorizationPolicy(
        'out',
        { rules: [{ to: [{ operation: { hosts: ['other.test'] } }] }] },
        { annotations: { 'egress.sallyport.dev/bound-to': 'outbound' } },
      ),
    'add a rule for default/default to api.test:80 to AuthorizationPolicy/default/out',
  ],
  [
    'web',
    'http://api.test',
    api + router + behind + led,
    'add api.test to the hosts of port 80 of Gateway/default/out',
  ],
  // Another's name: nothing of the namespace's own would do.
  ['web', 'http://nobody.apart.svc.cluster.local', '', undefined],
];

for (const [name, url, beside, summary] of table) {
  test(`${name} ${url}${beside === '' ? '' : ` beside ${beside.slice(0, 60)}`}: ${summary ?? 'nothing'}`, () => {
    const objects = storedObjects(inMesh + beside);
    const worlds = createObjectWorlds({ objects, capture: { kind: 'redirect' }, strict: true });
    const caller = callerNamed(worlds.world(), name);
    const attempt = parseTarget(url);
    const before = worlds.world().verdictOf(caller, attempt);
    assert.equal(before.answer, 'refused', JSON.stringify(before.ways));
    const { change } = mend({ worlds, objects, caller, attempt });
    assert.equal(change?.summary, summary);
    // All is as it was.
    assert.deepEqual(worlds.world().verdictOf(caller, attempt), before);
    if (change === undefined) return;
    const names = new Set(change.objects.map(({ kind, metadata }) => `${kind}/${metadata.namespace}/${metadata.name}`));
    const kept = objects.filter(({ kind, metadata }) => !names.has(`${kind}/${metadata.namespace}/${metadata.name}`));
    const after = createObjectWorlds({
      objects: [...kept, ...change.objects],
      capture: { kind: 'redirect' },
      strict: true,
    });
    assert.equal(after.world().verdictOf(caller, attempt).answer, 'allowed');
  });
}
