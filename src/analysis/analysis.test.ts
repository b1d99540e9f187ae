// However objects come, one by one in any order, changed and gone again: what is said in the end is what is said of the last
// state taken at once.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { serviceEntry } from '../../test/support/mesh.ts';
import {
  authorizationPolicy,
  destinationRule,
  gateway,
  outboundPolicy,
  peerAuthentication,
  tlsSecret,
  virtualService,
} from '../../test/support/networking.ts';
import { type KubeObject, keyOf, keyString } from '../api/object.ts';
import { emptyMesh, updateMesh } from '../mesh/mesh.ts';
import { createMeshObjects } from '../mesh/mesh-objects.ts';
import type { WatchEvent } from '../store/store.ts';
import { createAnalysis } from './analysis.ts';
import { crossDiagnostic } from './finding.ts';
import { impliedGateways } from './implied-gateways.ts';
import { lineOf, objectsOf, pod } from './testing/told.ts';

const namespace = fc.constantFrom('default', 'shop');
const name = fc.constantFrom('one', 'two');
const host = fc.constantFrom('a.example', 'b.example', '*.example');
const exact = fc.constantFrom('a.example', 'b.example', 'istio-egressgateway.istio-system.svc.cluster.local');
const port = fc.constantFrom(
  { number: 80, name: 'http', protocol: 'HTTP' },
  { number: 80, name: 'http', protocol: 'HTTP', targetPort: 443 },
  { number: 443, name: 'https', protocol: 'HTTPS' },
  { number: 443, name: 'tcp', protocol: 'TCP' },
);
const exportTo = fc.constantFrom(['*'], ['.']);
const subset = fc.constantFrom({}, { subset: 'v1' });
const selector = fc.constantFrom({ istio: 'egressgateway' }, { app: 'echo' });

const manifests = fc.oneof(
  fc
    .record({ namespace, name, host: exact, port, exportTo })
    .map((one) =>
      serviceEntry(
        one.name,
        { hosts: [one.host], ports: [one.port], exportTo: one.exportTo },
        { namespace: one.namespace },
      ),
    ),
  fc
    .record({
      namespace,
      name,
      host: exact,
      to: exact,
      subset,
      gateways: fc.subarray(['mesh', 'one'], { minLength: 1 }),
    })
    .map((one) =>
      virtualService(
        one.name,
        {
          hosts: [one.host],
          gateways: one.gateways,
          http: [{ route: [{ destination: { host: one.to, ...one.subset } }] }],
        },
        { namespace: one.namespace },
      ),
    ),
  fc
    .record({ namespace, name, host, exportTo, tls: fc.boolean(), subsets: fc.constantFrom([], [{ name: 'v1' }]) })
    .map((one) =>
      destinationRule(
        one.name,
        {
          host: one.host,
          exportTo: one.exportTo,
          subsets: one.subsets,
          trafficPolicy: one.tls ? { tls: { mode: 'SIMPLE' } } : { loadBalancer: { simple: 'RANDOM' } },
        },
        { namespace: one.namespace },
      ),
    ),
  fc.record({ namespace, name, host, selector, tcp: fc.boolean() }).map((one) =>
    gateway(
      one.name,
      {
        selector: one.selector,
        servers: [{ port: { number: 80, name: 'p', protocol: one.tcp ? 'TCP' : 'HTTP' }, hosts: [one.host] }],
      },
      { namespace: one.namespace },
    ),
  ),
  fc.record({ namespace, name }).map((one) => pod(one.name, one.namespace, { app: 'echo' })),
  fc.record({ namespace, name }).map(({ name: account, namespace: own }) => {
    const metadata = { name: account, namespace: own };
    return JSON.stringify({ apiVersion: 'v1', kind: 'ServiceAccount', metadata });
  }),
  fc.record({ namespace, tcp: fc.boolean() }).map(({ namespace: own, tcp }) => {
    const metadata = { name: 'echo', namespace: own };
    const spec = { selector: { app: 'echo' }, ports: [{ name: tcp ? 'tcp' : 'http', port: 80 }] };
    return JSON.stringify({ apiVersion: 'v1', kind: 'Service', metadata, spec });
  }),
  fc
    .record({ namespace, mode: fc.constantFrom('STRICT', 'PERMISSIVE', 'DISABLE'), root: fc.boolean() })
    .map(({ namespace: own, mode, root }) =>
      peerAuthentication('one', { mtls: { mode } }, { namespace: root ? 'istio-system' : own }),
    ),
  fc
    .record({
      namespace,
      name,
      action: fc.constantFrom('ALLOW', 'DENY'),
      source: fc.constantFrom(
        { principals: ['cluster.local/ns/shop/sa/one', '*/sa/default'] },
        { serviceAccounts: ['two'] },
        { namespaces: ['shop'] },
      ),
      bound: fc.constantFrom('inbound', 'outbound'),
    })
    .map(({ namespace: own, name: policy, action, source, bound }) => {
      const rules = [{ from: [{ source }], to: [{ operation: { hosts: ['a.example'], methods: ['GET'] } }] }];
      const annotations = { 'egress.sallyport.dev/bound-to': bound };
      return authorizationPolicy(policy, { action, rules }, { namespace: own, annotations });
    }),
  fc.constant(tlsSecret('client', { cert: 'c', key: 'k' })),
  fc.constantFrom(outboundPolicy('ALLOW_ANY'), outboundPolicy('REGISTRY_ONLY')),
);

interface Followed {
  take(events: readonly WatchEvent[], judge: boolean): void;
  lines(): readonly string[];
}

function follow(): Followed {
  const objects = createMeshObjects();
  const analysis = createAnalysis({ complete: true });
  let mesh = emptyMesh;
  return {
    take(events, judge) {
      const change = objects.translate(events);
      ({ mesh } = updateMesh(mesh, change));
      analysis.take({ events, change, mesh });
      if (judge) analysis.judge();
    },
    lines() {
      analysis.judge();
      const all = [...analysis.findings()].flatMap(([resource, findings]) =>
        findings.map((finding) => lineOf(crossDiagnostic(finding, resource))),
      );
      return all.sort();
    },
  };
}

const steps = fc.array(fc.record({ manifests, gone: fc.boolean(), judge: fc.boolean() }), { maxLength: 14 });

test('one by one ends where at once does', () => {
  fc.assert(
    fc.property(steps, (given) => {
      const state = new Map<string, KubeObject>();
      const followed = follow();
      followed.take(added(impliedGateways([])), true);
      for (const { manifests: text, gone, judge } of given) {
        const [object] = objectsOf(text);
        if (object === undefined) continue;
        const key = keyString(keyOf(object));
        const previous = state.get(key);
        if (gone && previous !== undefined) {
          state.delete(key);
          followed.take([{ type: 'DELETED', object: previous }], judge);
        } else {
          state.set(key, object);
          followed.take(previous === undefined ? added([object]) : [{ type: 'MODIFIED', object, previous }], judge);
        }
      }
      const once = follow();
      once.take(added([...impliedGateways([]), ...state.values()]), true);
      assert.deepEqual(followed.lines(), once.lines());
    }),
    { seed: 20_260_101, numRuns: 300 },
  );
});

function added(objects: readonly KubeObject[]): readonly WatchEvent[] {
  return objects.map((object) => ({ type: 'ADDED', object }));
}

test('a change is judged anew by those alone who looked at it', () => {
  const analysis = createAnalysis({ complete: true });
  const objects = createMeshObjects();
  let mesh = emptyMesh;
  const apply = (text: string) => {
    const events = added(objectsOf(text));
    const change = objects.translate(events);
    ({ mesh } = updateMesh(mesh, change));
    analysis.take({ events, change, mesh });
    return analysis.judge().length;
  };
  const entries = Array.from({ length: 500 }, (_, index) =>
    serviceEntry(`e${index}`, { hosts: [`e${index}.example`] }),
  );
  assert.equal(apply(entries.join('')), 500);
  assert.equal(apply(serviceEntry('one-more', { hosts: ['one-more.example'] })), 1);
  const rule = destinationRule('r', { host: 'e7.example', trafficPolicy: { loadBalancer: { simple: 'RANDOM' } } });
  assert.equal(apply(rule), 2, 'the rule, and the entry of its host');
});

test('objects are judged before others where they are asked for, and the rest in turn', () => {
  const analysis = createAnalysis({ complete: true });
  const objects = createMeshObjects();
  const events = added(
    objectsOf(['a', 'b', 'c'].map((name) => serviceEntry(name, { hosts: [`${name}.test`] })).join('')),
  );
  const change = objects.translate(events);
  analysis.take({ events, change, mesh: updateMesh(emptyMesh, change).mesh });
  const [a, b, c] = events.map(({ object }) => keyString(keyOf(object)));
  const judged = (most: number, ...first: readonly (string | undefined)[]) =>
    analysis
      .judge(
        most,
        first.filter((key) => key !== undefined),
      )
      .map(({ key }) => key);
  assert.deepEqual(judged(1, c), [c]);
  assert.equal(analysis.left(), 2);
  assert.deepEqual(judged(5, c, b), [b, a]);
  assert.equal(analysis.left(), 0);
});
