// What is said of AuthorizationPolicies beside workloads, Services and PeerAuthentications.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { serviceEntry } from '../../test/support/mesh.ts';
import { authorizationPolicy, gateway, peerAuthentication } from '../../test/support/networking.ts';
import { emptyMesh, updateMesh } from '../mesh/mesh.ts';
import { createMeshObjects } from '../mesh/mesh-objects.ts';
import { createAnalysis } from './analysis.ts';
import { analyzeManifests } from './analyze-manifests.ts';
import { objectsOf, toldOfMesh } from './testing/told.ts';

type Spec = Readonly<Record<string, unknown>>;

const document = (object: Spec) => `${JSON.stringify(object)}\n---\n`;
const outbound = { annotations: { 'egress.sallyport.dev/bound-to': 'outbound' } };
const app = { matchLabels: { app: 'web' } };
const place = 'AuthorizationPolicy/default/p spec.rules[0]';

function workload(serviceAccountName: string, namespace = 'default'): string {
  const metadata = { name: serviceAccountName, namespace, labels: { app: 'web' } };
  return document({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata,
    spec: { serviceAccountName, containers: [{ name: 'app' }] },
  });
}

const account = (name: string, namespace = 'default') =>
  document({ apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name, namespace } });
const strict = peerAuthentication('strict', { mtls: { mode: 'STRICT' } }, { namespace: 'istio-system' });

const toldOf = (manifests: string, code: string) => toldOfMesh(manifests).filter((line) => line.includes(code));
const policy = (spec: Spec, metadata = {}) => authorizationPolicy('p', spec, metadata);

test('callers that nobody is', () => {
  const told = (source: Spec, others = '') =>
    toldOf(
      workload('web') + workload('batch', 'shop') + strict + others + policy({ rules: [{ from: [{ source }] }] }),
      'SP1581',
    );
  const nobody = 'nobody is meant by it';
  assert.deepEqual(
    told({ principals: ['cluster.local/ns/default/sa/web', '*/sa/batch', 'cluster.local/ns/sh*', '*'] }),
    [],
  );
  assert.deepEqual(told({ principals: ['cluster.local/ns/default/sa/batch', '*/sa/none'] }), [
    `?SP1581 ${place}.from[0].source.principals[0]: no workload is cluster.local/ns/default/sa/batch: ${nobody}`,
    `?SP1581 ${place}.from[0].source.principals[1]: no workload is */sa/none: ${nobody}`,
  ]);
  assert.deepEqual(told({ principals: ['cluster.local/ns/default/sa/none'] }, account('none')), []);
  assert.deepEqual(told({ notPrincipals: ['other.test/ns/default/sa/web'] }), [
    `?SP1581 ${place}.from[0].source.notPrincipals[0]: no workload is other.test/ns/default/sa/web; the mesh's trust domain is cluster.local: nobody is excepted by it`,
  ]);
  const outside = gateway('in', {
    selector: { istio: 'ingressgateway' },
    servers: [
      {
        port: { number: 443, name: 'https', protocol: 'HTTPS' },
        hosts: ['a.test'],
        tls: { mode: 'MUTUAL', credentialName: 'a' },
      },
    ],
  });
  assert.deepEqual(told({ principals: ['other.test/anything'] }, outside), []);
  assert.deepEqual(told({ serviceAccounts: ['web', 'shop/batch', 'shop/web'] }), [
    `?SP1581 ${place}.from[0].source.serviceAccounts[2]: no workload has the service account shop/web: ${nobody}`,
  ]);
  assert.deepEqual(told({ namespaces: ['shop', 'de*', 'team'] }), [
    `?SP1581 ${place}.from[0].source.namespaces[2]: there is no namespace team with workloads: ${nobody}`,
  ]);
  const rules = [{ when: [{ key: 'source.principal', values: ['cluster.local/ns/default/sa/x'] }] }];
  const [ofFiles] = analyzeManifests([{ name: 'a.yaml', bytes: Buffer.from(policy({ rules })) }], 'default');
  assert.deepEqual(
    [ofFiles?.code, ofFiles?.severity, ofFiles?.path],
    ['SP1581', 'info', 'spec.rules[0].when[0].values[0]'],
  );
});

test('requests that cannot be seen, of what workloads are sent', () => {
  const service = (...ports: readonly object[]) =>
    document({
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: 'web', namespace: 'default' },
      spec: { selector: { app: 'web' }, ports },
    });
  const [http, tcp] = [
    { name: 'http', port: 80, targetPort: 8080 },
    { name: 'tcp', port: 9000 },
  ];
  const told = (operation: Spec, spec: Spec = {}, services = service(http, tcp)) =>
    toldOf(workload('web') + services + policy({ rules: [{ to: [{ operation }] }], ...spec }), 'SP1582');
  const deny = { action: 'DENY' };
  const line = (field: string, ports: string, consequence: string) => [
    `?SP1582 ${place}.to[0].operation.${field}: ${field} cannot be seen on ${ports}, where only bytes pass: ${consequence}`,
  ];
  const nothing = 'this rule allows nothing there';
  const everything = 'without asking for it all of that is denied';
  assert.deepEqual(told({ methods: ['GET'] }), [], 'some of it is HTTP');
  assert.deepEqual(told({ methods: ['GET'], ports: ['9000'] }), line('methods', 'port 9000', nothing));
  assert.deepEqual(told({ hosts: ['web'], ports: ['9000'] }), line('hosts', 'port 9000', nothing));
  assert.deepEqual(told({ methods: ['GET'], ports: ['8080'] }), []);
  assert.deepEqual(told({ notMethods: ['GET'] }, deny), line('notMethods', 'port 9000', everything));
  assert.deepEqual(told({ methods: ['GET'], notPorts: ['9000'] }, deny), []);
  assert.deepEqual(told({ ports: ['9000'] }, deny), []);
  assert.deepEqual(told({ paths: ['/a'] }, {}, service(tcp)), line('paths', 'port 9000', nothing));
  assert.deepEqual(told({ paths: ['/a'] }, { selector: app }, service(tcp)), line('paths', 'port 9000', nothing));
  assert.deepEqual(told({ paths: ['/a'] }, { selector: { matchLabels: { app: 'other' } } }, service(tcp)), []);
  assert.deepEqual(told({ paths: ['/a'] }, {}, ''), [], 'no Service');
});

test('requests that cannot be seen, of what workloads send', () => {
  const entry = serviceEntry('api', {
    hosts: ['api.test'],
    ports: [
      { number: 80, name: 'http', protocol: 'HTTP' },
      { number: 443, name: 'tls', protocol: 'TLS' },
    ],
  });
  const told = (operation: Spec, action = 'ALLOW') =>
    toldOf(entry + policy({ action, rules: [{ to: [{ operation }] }] }, outbound), 'SP1582');
  const [line] = told({ hosts: ['api.test'], methods: ['GET'], paths: ['/a'], ports: ['443'] });
  assert.equal(
    line,
    `?SP1582 ${place}.to[0].operation.methods: methods, paths cannot be seen on port 443 of api.test, where only bytes pass: this rule allows nothing there`,
  );
  assert.deepEqual(told({ hosts: ['api.test'], methods: ['GET'] }), []);
  assert.equal(told({ hosts: ['*.test'], methods: ['DELETE'] }, 'DENY').length, 1);
  assert.deepEqual(told({ hosts: ['api.test'] }, 'DENY'), []);
  assert.deepEqual(told({ hosts: ['other.test'], methods: ['GET'] }, 'DENY'), []);
});

test('what comes and goes beside a policy is judged anew', () => {
  const objects = createMeshObjects();
  const analysis = createAnalysis({ complete: true });
  let mesh = emptyMesh;
  const codesAfter = (type: 'ADDED' | 'DELETED', manifests: string) => {
    const events = objectsOf(manifests).map((object) => ({ type, object }));
    const change = objects.translate(events);
    ({ mesh } = updateMesh(mesh, change));
    analysis.take({ events, change, mesh });
    const judged = analysis.judge().length;
    const codes = [...analysis.findings()].flatMap(([, found]) => found.map(({ code }) => code)).sort();
    return { codes, judged };
  };
  const principals = ['cluster.local/ns/shop/sa/batch'];
  const rules = [{ from: [{ source: { principals } }], to: [{ operation: { methods: ['GET'] } }] }];
  const bytes = document({
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 'web', namespace: 'default' },
    spec: { selector: { app: 'web' }, ports: [{ name: 'tcp', port: 9000 }] },
  });
  codesAfter('ADDED', workload('web') + policy({ rules }));
  assert.deepEqual(codesAfter('ADDED', account('other', 'shop')).codes, ['SP1581', 'SP1583']);
  assert.deepEqual(codesAfter('ADDED', account('batch', 'shop')).codes, ['SP1583']);
  assert.deepEqual(codesAfter('ADDED', strict).codes, []);
  assert.deepEqual(codesAfter('ADDED', bytes).codes, ['SP1582']);
  assert.equal(codesAfter('ADDED', workload('batch', 'shop')).judged, 1, 'of an account that is known: the pod alone');
  assert.deepEqual(codesAfter('DELETED', workload('batch', 'shop')).codes, ['SP1582']);
  assert.deepEqual(codesAfter('DELETED', bytes + account('batch', 'shop')).codes, ['SP1581']);
  assert.deepEqual(codesAfter('DELETED', strict).codes, ['SP1581', 'SP1583']);
});

test('callers that prove nothing', () => {
  const mode = (name: string, one: string, spec: Spec = {}) =>
    peerAuthentication(name, { mtls: { mode: one }, ...spec });
  const told = (spec: Spec, peers = '', metadata = {}) =>
    toldOf(workload('web') + peers + policy(spec, metadata), 'SP1583');
  const shop = (field = 'principals') => [{ from: [{ source: { [field]: ['cluster.local/ns/default/sa/web'] } }] }];
  const line = (mark: string, field: string, rest: string) => [
    `${mark}SP1583 ${place}.from[0].source.${field}: ${field} asks who calls; ${rest}`,
  ];
  const permissive = 'mTLS is PERMISSIVE here, and callers without it prove nothing: they';
  assert.deepEqual(told({ rules: shop() }), line('.', 'principals', `${permissive} are never let in by it`));
  assert.deepEqual(
    told({ action: 'DENY', rules: shop() }),
    line('?', 'principals', `${permissive} are not denied by it, whoever they are`),
  );
  assert.deepEqual(
    told({ rules: shop('notPrincipals') }),
    line('?', 'notPrincipals', `${permissive} are excepted by nothing, and let in by it`),
  );
  assert.deepEqual(
    told({ action: 'DENY', rules: shop('notPrincipals') }),
    line('.', 'notPrincipals', `${permissive} are all denied by it`),
  );
  assert.deepEqual(
    told({ rules: shop() }, mode('off', 'DISABLE')),
    line('?', 'principals', 'no caller proves who it is, since mTLS is DISABLE here: they are never let in by it'),
  );
  assert.deepEqual(told({ rules: shop() }, strict), []);
  assert.deepEqual(told({ rules: shop() }, '', outbound), [], 'who asks is known');
  assert.deepEqual(told({ rules: [{ to: [{ operation: { methods: ['GET'] } }] }] }), []);
  const chosen = mode('chosen', 'STRICT', { selector: app, portLevelMtls: { 9000: { mode: 'PERMISSIVE' } } });
  assert.deepEqual(told({ selector: app, rules: shop() }, chosen), []);
  assert.equal(told({ rules: shop() }, chosen).length, 1, 'not of all workloads');
  const onPort = (port: string) => [{ ...shop()[0], to: [{ operation: { ports: [port] } }] }];
  assert.equal(told({ selector: app, rules: onPort('9000') }, chosen).length, 1);
  assert.deepEqual(told({ selector: app, rules: onPort('8080') }, chosen), []);
  const atGateways = { selector: { matchLabels: { istio: 'egressgateway' } }, rules: shop() };
  assert.deepEqual(told(atGateways, '', { namespace: 'istio-system' }), [], 'gateways ask as their servers say');
});
