import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { FlowBody } from '../../server/wire.ts';
import { formatTraffic } from './traffic-table.ts';

const web: FlowBody = {
  source: { namespace: 'shop', workload: 'web' },
  destination: { kind: 'external', host: 'api.example.com', port: 443, serviceEntry: 'shop/api' },
  via: ['istio-system/egress'],
  protocol: 'http',
  requests: 14,
  connections: 0,
  responses: { 502: 2, 200: 12 },
  flags: { UF: 2 },
  bytesSent: 1200,
  bytesReceived: 34_000,
  open: 0,
  peers: [
    {
      address: '192.0.2.1',
      locality: 'eu-west-1/a',
      requests: 14,
      connections: 0,
      bytesSent: 1200,
      bytesReceived: 34_000,
    },
  ],
  firstSeen: '2026-01-01T00:00:00.000Z',
  lastSeen: '2026-01-01T00:00:55.000Z',
};

const flows: readonly FlowBody[] = [
  web,
  {
    ...web,
    destination: { kind: 'blocked', host: 'evil.example', port: 443 },
    via: [],
    protocol: 'tls',
    requests: 0,
    connections: 1234,
    responses: {},
    flags: { UH: 1234 },
    bytesSent: 638_000,
    bytesReceived: 0,
    peers: [],
  },
  {
    ...web,
    destination: { kind: 'passthrough', host: '2001:db8::1', port: 5432 },
    via: [],
    protocol: 'tcp',
    requests: 0,
    connections: 1,
    responses: {},
    flags: {},
    open: 1,
    stillAllowed: false,
  },
  {
    ...web,
    source: { namespace: 'backyards-demo', workload: 'frontpage' },
    destination: { kind: 'service', host: 'catalog.backyards-demo.svc.cluster.local', port: 0 },
    via: ['a/one', 'b/two'],
    protocol: 'grpc',
    open: 2,
    stillAllowed: true,
  },
];

const table = { flows, rate: ({ requests }: FlowBody) => requests / 10, now: Date.parse('2026-01-01T00:01:00Z') };

test('a table of flows', () => {
  assert.deepEqual(formatTraffic({ ...table, view: 'table' }), [
    'SOURCE                     DESTINATION                                KIND          VIA                   PROTOCOL   REQ/CONN   RATE    CODES          BYTES OUT/IN   LAST SEEN',
    'shop/web                   api.example.com:443                        external      istio-system/egress   http       14         1.4/s   200:12 502:2   1.2kB/34kB     5s',
    'shop/web                   evil.example:443                           blocked       -                     tls        1234       0/s     UH:1234        638kB/0B       5s',
    'shop/web                   [2001:db8::1]:5432                         passthrough   -                     tcp        1          0/s     -              1.2kB/34kB     5s',
    'backyards-demo/frontpage   catalog.backyards-demo.svc.cluster.local   service       a/one b/two           grpc       14         1.4/s   200:12 502:2   1.2kB/34kB     5s',
  ]);
});

test('gateways are told where a flow passes one', () => {
  const [header] = formatTraffic({ ...table, flows: flows.slice(1, 3), view: 'table' });
  assert.equal(
    header,
    'SOURCE     DESTINATION          KIND          PROTOCOL   REQ/CONN   RATE   CODES     BYTES OUT/IN   LAST SEEN',
  );
});

test('wide adds what decided, how it ended, and where it went', () => {
  const [header = '', first = '', second = ''] = formatTraffic({ ...table, view: 'wide' });
  const from = header.indexOf('MTLS');
  assert.deepEqual(
    [header, first, second].map((line) => line.slice(from)),
    [
      'MTLS   SERVICE ENTRY   FLAGS     OPEN   PEERS',
      '-      shop/api        UF:2      0      192.0.2.1 (eu-west-1/a) ×14',
      '-      -               UH:1234   0      -',
    ],
  );
});

test('wide tells mTLS: all, none, or how much', () => {
  const cell = (mtls: boolean, withMtls: number, withoutMtls: number) => {
    const [header = '', line = ''] = formatTraffic({
      ...table,
      view: 'wide',
      flows: [{ ...web, mtls, withMtls, withoutMtls }],
    });
    return line.slice(header.indexOf('MTLS')).split(' ')[0];
  };
  assert.deepEqual(
    [cell(true, 5, 0), cell(false, 0, 5), cell(false, 1, 2), cell(false, 1, 100_000), cell(false, 100_000, 1)],
    ['yes', 'no', '33.3%', '0.1%', '99.9%'],
  );
});

test('open connections: whether they would still be let out', () => {
  const painted: string[] = [];
  const paint = (kind: string, text: string) => {
    painted.push(`${kind} ${text.trim()}`);
    return text;
  };
  assert.deepEqual(formatTraffic({ ...table, flows: flows.slice(2), view: 'open', width: 200, paint }), [
    'SOURCE                    DESTINATION                               KIND         VIA          PROTOCOL  OPEN  STILL ALLOWED  BYTES OUT/IN  LAST SEEN',
    'shop/web                  [2001:db8::1]:5432                        passthrough  -            tcp       1     NO             1.2kB/34kB    5s',
    'backyards-demo/frontpage  catalog.backyards-demo.svc.cluster.local  service      a/one b/two  grpc      2     yes            1.2kB/34kB    5s',
  ]);
  assert.deepEqual(painted, [
    'passthrough [2001:db8::1]:5432',
    'passthrough passthrough',
    'alarm NO',
    'service catalog.backyards-demo.svc.cluster.local',
    'service service',
  ]);
});

test('eighty characters are enough for what matters', () => {
  assert.deepEqual(formatTraffic({ ...table, view: 'table', width: 80, rate: () => undefined }), [
    'SOURCE             DESTINATION         KIND         REQ/CONN  RATE  CODES',
    'shop/web           api.exam…e.com:443  external     14        -     200:12 502:2',
    'shop/web           evil.example:443    blocked      1234      -     UH:1234',
    'shop/web           [2001:db8::1]:5432  passthrough  1         -     -',
    'backyard…rontpage  catalog.…ter.local  service      14        -     200:12 502:2',
  ]);
});
