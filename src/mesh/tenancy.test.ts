// Whose objects count for whom (docs/multi-tenancy.md): what sidecars of namespace `victim` get for a host, and whose rules
// they follow. `evil` is another tenant; what it writes is older than what comes after it.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { serviceEntry } from '../../test/support/mesh.ts';
import { outboundPolicy, virtualService } from '../../test/support/networking.ts';
import { decodeManifests } from '../api/decode.ts';
import type { KubeObject } from '../api/object.ts';
import { hasErrors } from '../platform/diagnostic.ts';
import { emptyMesh, type Mesh, updateMesh } from './mesh.ts';
import { createMeshObjects } from './mesh-objects.ts';
import { rankAtGateway } from './ownership.ts';
import { selectService } from './select-service.ts';
import { selectVirtualService } from './select-virtual-service.ts';

const bank = 'api.bank.example';
const inMesh = 'web.shop.svc.cluster.local';
const http = { number: 80, name: 'http', protocol: 'HTTP' };
const taken = { resolution: 'STATIC', endpoints: [{ address: '203.0.113.9' }] };
const root = 'istio-system';

/** A ServiceEntry called like its namespace, for everyone. */
function entry(namespace: string, host: string, spec: object = {}): string {
  return serviceEntry(namespace, { hosts: [host], ports: [http], resolution: 'DNS', ...spec }, { namespace });
}

function rules(
  namespace: string,
  host: string,
  to = 'elsewhere.example',
  { name = namespace, ...spec }: { name?: string; [field: string]: unknown } = {},
): string {
  const http = [{ route: [{ destination: { host: to } }] }];
  return virtualService(name, { hosts: [host], http, ...spec }, { namespace });
}

function kubeService(namespace: string, name = 'web'): string {
  return `apiVersion: v1\nkind: Service\nmetadata: { name: ${name}, namespace: ${namespace} }\nspec: { ports: [{ name: http, port: 80 }], selector: { app: web } }\n---\n`;
}

function grant(namespace: string, hosts: string): string {
  return `apiVersion: v1\nkind: Namespace\nmetadata: { name: ${namespace}, annotations: { egress.sallyport.dev/claims: "${hosts}" } }\n---\n`;
}

const istioWay = `apiVersion: istio.banzaicloud.io/v1beta1
kind: Istio
metadata: { name: mesh, namespace: istio-system, annotations: { egress.sallyport.dev/cross-namespace: istio } }
spec: { version: 1.4.9 }
---
`;
const closed = outboundPolicy('REGISTRY_ONLY');

function meshOf(manifests: string): Mesh {
  const { objects, diagnostics } = decodeManifests(manifests, 'test.yaml');
  if (hasErrors(diagnostics)) throw new Error(JSON.stringify(diagnostics));
  const aged = objects.map(({ object }, index): KubeObject => {
    const creationTimestamp = new Date(Date.UTC(2026, 0, 1, 0, 0, index)).toISOString();
    return { ...object, metadata: { ...object.metadata, creationTimestamp } };
  });
  const events = aged.map((object) => ({ type: 'ADDED', object }) as const);
  return updateMesh(emptyMesh, createMeshObjects().translate(events)).mesh;
}

type Row = readonly [what: string, manifests: string, host: string, expected: string | undefined];

/** By namespace: whose service the victim gets; undefined: the host is as if nobody had registered it. */
const services: readonly Row[] = [
  ['endpoints for a host of the world, ALLOW_ANY', entry('evil', bank, taken), bank, undefined],
  ['the host as it is, ALLOW_ANY', entry('evil', bank), bank, 'evil'],
  ['its own name as an endpoint', entry('evil', bank, { endpoints: [{ address: bank }] }), bank, 'evil'],
  ['endpoints where nobody reaches the host otherwise', closed + entry('evil', bank, taken), bank, 'evil'],
  [
    'selected workloads, ALLOW_ANY',
    entry('evil', bank, { resolution: 'STATIC', workloadSelector: { labels: { app: 'x' } } }),
    bank,
    undefined,
  ],
  [
    'an older foreign entry before one of its own',
    closed + entry('evil', bank, taken) + entry('victim', bank),
    bank,
    'victim',
  ],
  [
    'an older foreign entry before one of the root namespace',
    closed + entry('evil', bank, taken) + entry(root, bank),
    bank,
    root,
  ],
  ['the oldest among tenants', closed + entry('evil', bank) + entry('other', bank), bank, 'evil'],
  [
    'a granted one before an older one',
    closed + entry('evil', bank, taken) + grant('bank', '*.bank.example') + entry('bank', bank, taken),
    bank,
    'bank',
  ],
  ['endpoints with a grant, ALLOW_ANY', grant('bank', `x.example, ${bank}`) + entry('bank', bank, taken), bank, 'bank'],
  ['a grant for another host', grant('bank', '*.other.example') + entry('bank', bank, taken), bank, undefined],
  ['Istio’s way', istioWay + entry('evil', bank, taken), bank, 'evil'],
  ['addresses', closed + entry('evil', bank, { addresses: ['192.0.2.1'] }), bank, undefined],
  [
    'addresses with a grant',
    closed + grant('evil', '*') + entry('evil', bank, { addresses: ['192.0.2.1'] }),
    bank,
    'evil',
  ],
  [
    'a host below a wildcard of its own',
    closed + entry('evil', bank) + entry('victim', '*.bank.example', { resolution: 'DYNAMIC_DNS' }),
    bank,
    undefined,
  ],
  [
    'a host below a wildcard of the root namespace',
    closed + entry('evil', bank) + entry(root, '*.bank.example', { resolution: 'DYNAMIC_DNS' }),
    bank,
    undefined,
  ],
  [
    'a host below a wildcard of another tenant',
    closed + entry('evil', bank) + entry('other', '*.bank.example', { resolution: 'DYNAMIC_DNS' }),
    bank,
    'evil',
  ],
  ['a Service of the mesh', closed + entry('evil', inMesh, taken) + kubeService('shop'), inMesh, 'shop'],
  ['a Service of the mesh with short names', kubeService('b', 'a'), 'a.b.svc.cluster.local', 'b'],
  [
    'all names of a namespace, by it',
    closed + entry('b', '*.b.svc.cluster.local', taken),
    '*.b.svc.cluster.local',
    'b',
  ],
  ['a name of the mesh without a Service', closed + entry('evil', inMesh, taken), inMesh, undefined],
  ['a name of the mesh by its own namespace', entry('shop', inMesh, taken), inMesh, 'shop'],
  ['a name of the mesh as it is', entry('evil', inMesh), inMesh, 'evil'],
  [
    'a name of the mesh as it is, and its own namespace’s entry',
    entry('evil', inMesh) + entry('shop', inMesh),
    inMesh,
    'shop',
  ],
  ['web.shop.svc', closed + entry('evil', 'web.shop.svc', taken), 'web.shop.svc', undefined],
  [
    'web.shop.svc as it is, where there is the Service',
    entry('evil', 'web.shop.svc') + kubeService('shop'),
    'web.shop.svc',
    undefined,
  ],
  [
    'web.shop, where there is the Service',
    closed + entry('evil', 'web.shop') + kubeService('shop'),
    'web.shop',
    undefined,
  ],
  ['web.shop, where there is none', closed + entry('evil', 'web.shop', taken), 'web.shop', 'evil'],
  ['web, which is the victim’s own Service or none', closed + entry('evil', 'web'), 'web', undefined],
  ['all names of the mesh', closed + entry('evil', '*.svc.cluster.local', taken), '*.svc.cluster.local', undefined],
  [
    'all names of a namespace',
    closed + entry('evil', '*.shop.svc.cluster.local', taken),
    '*.shop.svc.cluster.local',
    undefined,
  ],
  ['all of .local', closed + entry('evil', '*.local', taken), '*.local', undefined],
  ['what is not exported', closed + entry('evil', bank, { exportTo: ['.'] }), bank, undefined],
];

describe('the service that another namespace gets', () => {
  for (const [what, manifests, host, expected] of services) {
    test(what, () => {
      const mesh = meshOf(manifests);
      const found = selectService(mesh, host, { namespace: 'victim', proxy: 'sidecar' });
      assert.equal(found?.namespace, expected);
      // Its own objects always count for its own clients.
      const evil = mesh.services.get(host).find(({ namespace }) => namespace === 'evil');
      if (evil !== undefined)
        assert.equal(selectService(mesh, host, { namespace: 'evil', proxy: 'sidecar' })?.namespace, 'evil');
    });
  }
});

const gateway = 'istio-egressgateway.istio-system.svc.cluster.local';
const world = '*.example';
const all = entry('evil', world, { resolution: 'DYNAMIC_DNS' });
const second = serviceEntry('second', { hosts: [bank], ports: [http], resolution: 'DNS' }, { namespace: 'evil' });

/** By namespace: whose rules sidecars of the victim follow. */
const followed: readonly Row[] = [
  ['for a host that nobody registered', closed + rules('evil', bank), bank, undefined],
  ['for a host of another', closed + entry('bank', bank) + rules('evil', bank), bank, undefined],
  ['for a host of the root namespace', entry(root, bank) + rules('evil', bank), bank, undefined],
  ['for a host of their own', closed + entry('evil', bank) + rules('evil', bank), bank, 'evil'],
  [
    'for a host of their own that the victim has too',
    closed + entry('evil', bank) + rules('evil', bank) + entry('victim', bank),
    bank,
    undefined,
  ],
  ['that lead a host of the world away, ALLOW_ANY', entry('evil', bank) + rules('evil', bank), bank, undefined],
  [
    'that lead it through a gateway of the root namespace',
    entry('evil', bank) + rules('evil', bank, gateway),
    bank,
    'evil',
  ],
  [
    'that lead it away behind that gateway',
    entry('evil', bank) +
      rules('evil', bank, gateway) +
      rules('evil', bank, 'evil.example', { name: 'second', gateways: ['x'] }),
    bank,
    undefined,
  ],
  ['that lead it to itself', entry('evil', bank) + rules('evil', bank, bank), bank, 'evil'],
  ['that lead all below a wildcard to one name below it', all + rules('evil', world, 'evil.example'), world, undefined],
  ['that lead all below a wildcard to itself', all + rules('evil', world, world), world, 'evil'],
  ['that lead all below a wildcard through that gateway', all + rules('evil', world, gateway), world, 'evil'],
  [
    'that lead a wildcard through that gateway, and a name below it away behind it',
    all + rules('evil', world, gateway) + rules('evil', bank, 'evil.example', { name: 'second', gateways: ['x'] }),
    world,
    undefined,
  ],
  [
    'that lead it through that gateway, which alone sees where else they have it',
    entry('evil', bank, { ...taken, exportTo: [root] }) +
      second +
      rules('evil', bank, gateway) +
      rules('evil', bank, bank, { name: 'second', gateways: ['x'] }),
    bank,
    undefined,
  ],
  ...[{ rewrite: { authority: 'evil.example' } }, { headers: { request: { set: { host: 'evil.example' } } } }].map(
    (edit): Row => {
      const http = [{ route: [{ destination: { host: bank } }], ...edit }];
      const what = `that ask the host under another name: ${Object.keys(edit)}`;
      return [what, entry('evil', bank) + rules('evil', bank, '', { http }), bank, undefined];
    },
  ),
  [
    'that answer themselves',
    entry('evil', bank) + rules('evil', bank, '', { http: [{ directResponse: { status: 200 } }] }),
    bank,
    undefined,
  ],
  ['with a grant', grant('evil', bank) + rules('evil', bank), bank, 'evil'],
  ['of the root namespace', rules(root, bank), bank, root],
  ['for a Service of another', kubeService('shop') + rules('evil', inMesh), inMesh, undefined],
  [
    'for a name of another that is no Service',
    closed + entry('evil', inMesh) + rules('evil', inMesh),
    inMesh,
    undefined,
  ],
  ['for their own Service', kubeService('shop') + rules('shop', inMesh), inMesh, 'shop'],
  ['for web.shop', kubeService('shop') + rules('evil', 'web.shop'), 'web.shop', undefined],
  [
    'for a wildcard over hosts of others',
    closed + entry('bank', bank) + rules('evil', '*.bank.example'),
    bank,
    undefined,
  ],
  [
    'below a wildcard of their own',
    closed + entry('evil', '*.bank.example', { resolution: 'DYNAMIC_DNS' }) + rules('evil', bank),
    bank,
    'evil',
  ],
  [
    'the next ones, where the oldest do not count',
    closed + rules('evil', bank) + entry('bank', bank) + rules('bank', bank),
    bank,
    'bank',
  ],
  ['Istio’s way', istioWay + rules('evil', bank), bank, 'evil'],
];

describe('the rules that another namespace follows', () => {
  for (const [what, manifests, host, expected] of followed) {
    test(what, () => {
      const mesh = meshOf(manifests);
      assert.equal(selectVirtualService(mesh, host, { namespace: 'victim', proxy: 'sidecar' })?.namespace, expected);
      if (mesh.virtualServices.get(host).some(({ namespace }) => namespace === 'evil')) {
        assert.equal(selectVirtualService(mesh, host, { namespace: 'evil', proxy: 'sidecar' })?.namespace, 'evil');
      }
    });
  }
});

describe('whose rules count at a shared gateway', () => {
  const at = (manifests: string, gatewayKey: string, allowed?: string) =>
    rankAtGateway(
      meshOf(manifests),
      'team',
      bank,
      {
        gateway: gatewayKey,
        server: {
          name: '',
          port: { number: 80, name: 'http', protocol: 'HTTP' },
          bind: undefined,
          hosts: [{ namespace: allowed, host: '*.bank.example' }],
          httpsRedirect: false,
          tls: undefined,
        },
      },
      { namespace: root, proxy: 'router' },
    );
  const rows: readonly (readonly [string, ReturnType<typeof at>, ReturnType<typeof at>])[] = [
    ['a host that nobody registered', at('', 'platform/gw'), 1],
    ['a host of another', at(entry('bank', bank), 'platform/gw'), undefined],
    ['its own host', at(entry('team', bank, taken), 'platform/gw'), 0],
    ['a host of another, its own Gateway', at(entry('bank', bank), 'team/gw'), 1],
    ['a host of another, named by the Gateway', at(entry('bank', bank), 'platform/gw', 'team'), 1],
    ['a host of another, granted', at(entry('bank', bank) + grant('team', bank), 'platform/gw'), 0],
  ];
  for (const [what, rank, expected] of rows) test(what, () => assert.equal(rank, expected));
});

test('what decides whether rules count touches the hosts that they are for', () => {
  const objects = createMeshObjects();
  let mesh = emptyMesh;
  const hostsAfter = (manifests: string) => {
    const events = decodeManifests(manifests, 'a').objects.map(({ object }) => ({ type: 'MODIFIED', object }) as const);
    const next = updateMesh(mesh, objects.translate(events));
    mesh = next.mesh;
    return [...next.delta.hosts].sort();
  };
  hostsAfter(all + rules('evil', world, gateway) + entry('other', 'b.example') + rules('other', 'c.test', 'b.example'));
  // Rules for a name below a wildcard decide about those for the wildcard, and nothing else below it does.
  assert.deepEqual(hostsAfter(rules('evil', bank, bank, { name: 'second' })), [world, bank]);
  // An entry that leads its host elsewhere counts otherwise for others, and with it the rules that lead there.
  assert.deepEqual(hostsAfter(entry('other', 'b.example', taken)), ['b.example', 'c.test']);
  const moved = { ...taken, endpoints: [{ address: '203.0.113.10' }] };
  assert.deepEqual(hostsAfter(entry('other', 'b.example', moved)), ['b.example']);
});

test('a grant names the hosts that it touches, and no others', () => {
  const objects = createMeshObjects();
  const { objects: decoded } = decodeManifests(
    entry('evil', bank, taken) + entry('other', 'b.example') + rules('other', 'c.example'),
    'a',
  );
  const { mesh } = updateMesh(emptyMesh, objects.translate(decoded.map(({ object }) => ({ type: 'ADDED', object }))));
  const deltaOf = (manifest: string) => {
    const events = decodeManifests(manifest, 'a').objects.map(({ object }) => ({ type: 'ADDED', object }) as const);
    return [...updateMesh(mesh, objects.translate(events)).delta.hosts].sort();
  };
  assert.deepEqual(deltaOf(grant('evil', bank)), [bank]);
  assert.deepEqual(deltaOf(grant('evil', '*.bank.example')), ['*.bank.example', bank]);
  assert.deepEqual(deltaOf(grant('evil', '*')), ['*', bank, 'b.example', 'c.example'].sort());
  assert.deepEqual(deltaOf('apiVersion: v1\nkind: Namespace\nmetadata: { name: evil }\n'), []);
});
