// Servers of several Gateways on one port (istio-semantics 5, "Merge rules"): what is served beside what, and what is not.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isUnder } from '../../api/host-name.ts';
import type { KubeObject } from '../../api/object.ts';
import { emptyMesh, updateMesh } from '../../mesh/mesh.ts';
import { createMeshObjects } from '../../mesh/mesh-objects.ts';
import { mergeServers } from './merge-servers.ts';
import { commonHost } from './server-hosts.ts';

interface Given {
  readonly protocol: string;
  readonly host?: string;
  readonly number?: number;
  readonly mode?: string;
  readonly bind?: string;
}

/** One Gateway for each server, named g0, g1, …, each a second younger than the one before. */
function merged(given: readonly Given[], bindPortOf: (port: number) => number = (port) => port, mutual = true) {
  const objects = given.map(
    ({ protocol, host = '*', number = 443, mode, bind }, index): KubeObject => ({
      apiVersion: 'networking.istio.io/v1',
      kind: 'Gateway',
      metadata: { name: `g${index}`, namespace: 'default', creationTimestamp: `2026-01-01T00:00:0${index}Z` },
      spec: {
        selector: { istio: 'egressgateway' },
        servers: [
          {
            port: { number, name: 'p', protocol },
            hosts: [host],
            ...(bind === undefined ? {} : { bind }),
            ...(mode === undefined ? {} : { tls: { mode } }),
          },
        ],
      },
    }),
  );
  const { mesh } = updateMesh(
    emptyMesh,
    createMeshObjects().translate(objects.map((object) => ({ type: 'ADDED', object }))),
  );
  return mergeServers(mesh.gateways, { bindPortOf, mutual }).map(({ bindPort, http, tcp, tls }) => ({
    port: bindPort,
    http: http.map(({ gateway }) => gateway),
    tcp: tcp?.gateway,
    tls: tls.map(({ gateway }) => gateway),
  }));
}

const http = { protocol: 'HTTP' };
const tcp = { protocol: 'TCP' };
const tls = (host: string) => ({ protocol: 'TLS', mode: 'PASSTHROUGH', host });
const mutualHttps = { protocol: 'HTTPS', mode: 'ISTIO_MUTUAL' };
const none = { port: 443, http: [], tcp: undefined, tls: [] };

const table: readonly (readonly [string, readonly Given[], object])[] = [
  ['plain HTTP servers share a port', [http, http], { ...none, http: ['default/g0', 'default/g1'] }],
  ['TCP after HTTP is not served', [http, tcp], { ...none, http: ['default/g0'] }],
  ['HTTP after TCP is not served', [tcp, http], { ...none, tcp: 'default/g0' }],
  ['of two TCP servers the older', [tcp, tcp], { ...none, tcp: 'default/g0' }],
  ['TLS servers share a port', [tls('a.test'), tls('b.test')], { ...none, tls: ['default/g0', 'default/g1'] }],
  [
    'a TLS server with a host that is taken is not served',
    [tls('a.test'), tls('a.test')],
    { ...none, tls: ['default/g0'] },
  ],
  ['TLS after plain is not served', [http, tls('a.test')], { ...none, http: ['default/g0'] }],
  ['that of the mesh itself is', [http, mutualHttps], { ...none, http: ['default/g0'], tls: ['default/g1'] }],
  ['nor is it after TCP', [tcp, tls('a.test')], { ...none, tcp: 'default/g0' }],
  ['TCP after TLS is', [tls('a.test'), tcp], { ...none, tcp: 'default/g1', tls: ['default/g0'] }],
  [
    'of three with TLS the ones apart',
    [tls('a.test'), tls('a.test'), tls('b.test')],
    { ...none, tls: ['default/g0', 'default/g2'] },
  ],
  ['plain after TLS is', [tls('a.test'), http], { ...none, http: ['default/g1'], tls: ['default/g0'] }],
  ['GRPC is HTTP', [{ protocol: 'GRPC' }], { ...none, http: ['default/g0'] }],
  ['HTTPS with certificates of workloads is TLS', [mutualHttps], { ...none, tls: ['default/g0'] }],
];

for (const [name, given, expected] of table) {
  test(name, () => assert.deepEqual(merged(given), [expected]));
}

test('where workloads have no certificates HTTPS that asks for them is read as HTTP', () => {
  assert.deepEqual(
    merged([mutualHttps], (port) => port, false),
    [{ ...none, http: ['default/g0'] }],
  );
});

test('ports are those that pods listen on, and two that lead to one are one', () => {
  const given = [
    { ...http, number: 80 },
    { ...http, number: 8080 },
  ];
  assert.deepEqual(
    merged(given, () => 8080),
    [{ ...none, port: 8080, http: ['default/g0', 'default/g1'] }],
  );
});

test('an address of its own is a listener of its own, and 0.0.0.0 is none; a Unix socket is not served', () => {
  const given = [
    tcp,
    { ...http, bind: '192.0.2.1' },
    { ...tcp, bind: '192.0.2.1' },
    { ...http, bind: 'unix:///a' },
    { ...http, bind: '0.0.0.0' },
  ];
  assert.deepEqual(merged(given), [
    { ...none, tcp: 'default/g0' },
    { ...none, http: ['default/g1'] },
  ]);
});

test('hosts have in common the narrower of two', () => {
  assert.equal(commonHost('a.x.test', '*.x.test'), 'a.x.test');
  assert.equal(commonHost('*.test', '*.x.test'), '*.x.test');
  assert.equal(commonHost('*', 'a.test'), 'a.test');
  assert.equal(commonHost('x.test', '*.x.test'), undefined);
  assert.equal(commonHost('a.test', 'b.test'), undefined);
  assert.equal(isUnder('*', '*.test'), false);
});
