// What a DestinationRule does to requests that leave: which endpoints, how many connections, who is left out for a while,
// and which of several rules holds for whom (istio-semantics 4). Seen by callers and by the servers outside.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import { createServer } from 'node:http2';
import { before, beforeEach, describe, it } from 'node:test';
import { ask, bodyOf, statusOf } from '../support/calls.ts';
import { type ServicePort, serviceEntry, startMesh, type TestMesh, type Workload } from '../support/mesh.ts';
import { destinationRule, outboundPolicy, virtualService } from '../support/networking.ts';
import { type OutsideHttp, type OutsideRequest, startOutsideHttp } from '../support/outside-server.ts';
import { outsideAddress } from '../support/outside-world.ts';
import { needs } from '../support/requires.ts';
import { suiteScope } from '../support/suite-scope.ts';
import { repeat } from '../support/traffic.ts';
import { until } from '../support/until.ts';

const http: ServicePort = { number: 80, name: 'http', protocol: 'HTTP' };
const alt: ServicePort = { number: 8080, name: 'alt', protocol: 'HTTP' };
const toTls: ServicePort = { ...http, targetPort: 443 };
const first = '198.51.100.171';
const second = '198.51.100.172';

describe('DestinationRule', needs('root', 'iproute2', 'firewall'), () => {
  const scope = suiteScope();
  let mesh: TestMesh;
  let caller: Workload;
  let neighbour: Workload;
  let stranger: Workload;
  let secure: OutsideHttp;
  /** By address, on port 80. */
  const servers = new Map<string, OutsideHttp>();
  /** What a server answers with; its address if nothing is said. */
  const answers = new Map<string, (request: OutsideRequest, answer: ServerResponse) => void>();

  before(async () => {
    for (const address of [outsideAddress(171), outsideAddress(172)]) {
      const respond = (request: OutsideRequest, answer: ServerResponse) => {
        const own = answers.get(address);
        if (own === undefined) answer.end(address);
        else own(request, answer);
      };
      servers.set(address, await startOutsideHttp({ t: scope, address, port: 80, respond }));
    }
    await startOutsideHttp({ t: scope, address: first, port: 8080, respond: (_, answer) => answer.end('plain') });
    secure = await startOutsideHttp({ t: scope, address: first, port: 443, tls: true });
    const http2 = createServer((request, response) => response.end(`HTTP/${request.httpVersion}`));
    await once(http2.listen(8081, first), 'listening');
    scope.after(() => void http2.close());
    const names = ['ported.test', 'limited.test', 'single.test', 'upgraded.test', 'ruled.test', 'selected.test'];
    mesh = await startMesh(scope, { up: names.flatMap((name) => ['--resolve', `${name}=${first}`]) });
    await mesh.apply(outboundPolicy('REGISTRY_ONLY'));
    caller = await mesh.workload('caller', { args: ['--label', 'app=caller'] });
    neighbour = await mesh.workload('neighbour');
    stranger = await mesh.workload('stranger', { namespace: 'other' });
  });
  beforeEach(() => answers.clear());

  /** A host with an address of its own in the registry and these endpoints; callers name it in the Host header. */
  function fixed(name: string, endpoints: readonly object[], ports: readonly ServicePort[] = [http]): string {
    return serviceEntry(name, { hosts: [`${name}.test`], ports, resolution: 'STATIC', endpoints });
  }

  /** To a host that nothing but the registry knows. */
  function asking(from: Workload, name: string, path = '/') {
    return ask(from, first, { path, headers: { host: `${name}.test` } });
  }

  async function answering(from: Workload, name: string, path = '/'): Promise<string> {
    const { status, body } = await asking(from, name, path);
    return status === 200 ? (body ?? '') : String(status);
  }

  it('leads to the endpoints with a subset’s labels', async () => {
    const endpoints = [
      { address: first, labels: { version: 'v1', zone: 'a' } },
      { address: second, labels: { version: 'v2', zone: 'a' } },
    ];
    const rule = (path: string, subset: string) => ({
      match: [{ uri: { exact: path } }],
      route: [{ destination: { host: 'subsets.test', subset } }],
    });
    await mesh.apply(
      fixed('subsets', endpoints) +
        destinationRule('subsets', {
          host: 'subsets.test',
          subsets: [
            { name: 'one', labels: { version: 'v1' } },
            { name: 'two', labels: { version: 'v2' } },
            { name: 'none', labels: { version: 'v2', zone: 'b' } },
          ],
        }) +
        // Rules of one namespace for one host come together, by their subsets.
        destinationRule('subsets-more', { host: 'subsets.test', subsets: [{ name: 'both' }] }) +
        virtualService('subsets', {
          hosts: ['subsets.test'],
          http: [rule('/1', 'one'), rule('/2', 'two'), rule('/none', 'none'), rule('/both', 'both'), rule('/no', 'no')],
        }),
    );
    await until('the first subset answers', async () => (await answering(caller, 'subsets', '/1')) === first);
    for (const [path, address] of [
      ['/1', first],
      ['/2', second],
    ] as const) {
      const seen = await repeat(8, () => answering(caller, 'subsets', path));
      assert.deepEqual([...new Set(seen)], [address]);
    }
    const both = await repeat(40, () => answering(caller, 'subsets', '/both'));
    assert.deepEqual([...new Set(both)].sort(), [first, second]);
    assert.equal(await answering(caller, 'subsets', '/none'), '503');
    assert.equal(await answering(caller, 'subsets', '/no'), '503');
  });

  it('puts a port’s settings in place of the whole policy, and a subset’s over it part by part', async () => {
    const tls = { mode: 'SIMPLE', insecureSkipVerify: true };
    const rule = (path: string, subset: string, number: number) => ({
      match: [{ uri: { exact: path } }],
      route: [{ destination: { host: 'ported.test', subset, port: { number } } }],
    });
    await mesh.apply(
      serviceEntry('ported', { hosts: ['ported.test'], ports: [toTls, alt] }) +
        destinationRule('ported', {
          host: 'ported.test',
          trafficPolicy: {
            tls,
            portLevelSettings: [{ port: { number: 8080 }, loadBalancer: { simple: 'ROUND_ROBIN' } }],
          },
          subsets: [
            { name: 'over', trafficPolicy: { loadBalancer: { simple: 'RANDOM' } } },
            {
              name: 'plain',
              trafficPolicy: { portLevelSettings: [{ port: { number: 80 }, tls: { mode: 'DISABLE' } }] },
            },
          ],
        }) +
        virtualService('ported', {
          hosts: ['ported.test'],
          http: [
            rule('/over', 'over', 80),
            rule('/plain', 'plain', 80),
            { match: [{ port: 8080 }], route: [{ destination: { host: 'ported.test', port: { number: 8080 } } }] },
            { route: [{ destination: { host: 'ported.test', port: { number: 80 } } }] },
          ],
        }),
    );
    await until('port 80 speaks TLS', async () => (await bodyOf(caller, 'ported.test')) === 'outside');
    await until('the other is there', async () => (await bodyOf(caller, 'ported.test', { port: 8080 })) === 'plain');
    assert.equal(await bodyOf(caller, 'ported.test', { path: '/over' }), 'outside');
    const before = secure.connections.items.length;
    assert.notEqual(await statusOf(caller, 'ported.test', { path: '/plain' }), 200);
    assert.equal(secure.connections.items.length, before);
  });

  it('lets no more connections and waiting requests be than it says', async () => {
    await mesh.apply(
      serviceEntry('limited', { hosts: ['limited.test'] }) +
        destinationRule('limited', {
          host: 'limited.test',
          trafficPolicy: {
            connectionPool: { tcp: { maxConnections: 1 }, http: { http1MaxPendingRequests: 1 } },
          },
        }),
    );
    await until('it is open', async () => (await statusOf(caller, 'limited.test')) === 200);
    const held: ServerResponse[] = [];
    answers.set(first, (_, answer) => void held.push(answer));
    const outcomes: (number | string)[] = [];
    const calls = Array.from({ length: 5 }, async () => {
      outcomes.push(await statusOf(caller, 'limited.test'));
    });
    await until('three are refused', () => outcomes.length === 3);
    assert.deepEqual(outcomes, [503, 503, 503]);
    assert.equal(held.length, 1);
    answers.clear();
    held[0]?.end();
    await Promise.all(calls);
    assert.deepEqual(outcomes.slice(3), [200, 200]);
    await until('the log tells why', async () => {
      const log = await mesh.run('logs', 'caller', '-c', 'istio-proxy');
      return log.split('\n').filter((line) => / 503 UO .*"limited\.test"/.test(line)).length === 3;
    });
  });

  it('makes a connection for each request, and speaks HTTP/2, where it is told to', async () => {
    const pool = (settings: object) => ({ trafficPolicy: { connectionPool: { http: settings } } });
    await mesh.apply(
      serviceEntry('single', { hosts: ['single.test'] }) +
        destinationRule('single', { host: 'single.test', ...pool({ maxRequestsPerConnection: 1 }) }) +
        serviceEntry('upgraded', { hosts: ['upgraded.test'], ports: [{ ...http, targetPort: 8081 }] }) +
        destinationRule('upgraded', { host: 'upgraded.test', ...pool({ h2UpgradePolicy: 'UPGRADE' }) }),
    );
    await until('HTTP/2 is spoken', async () => (await bodyOf(caller, 'upgraded.test')) === 'HTTP/2.0');
    const peers = servers.get(first)?.requests;
    await until('it is open', async () => (await statusOf(caller, 'single.test')) === 200);
    const seen = peers?.items.length ?? 0;
    for (let count = 0; count < 5; count++)
      assert.equal(await statusOf(caller, 'single.test', { keepAlive: true }), 200);
    assert.equal(new Set(peers?.items.slice(seen).map(({ peer }) => peer)).size, 5);
  });

  it('leaves out an endpoint that fails', async () => {
    await mesh.apply(
      fixed('outlier', [{ address: first }, { address: second }]) +
        destinationRule('outlier', {
          host: 'outlier.test',
          trafficPolicy: {
            loadBalancer: { simple: 'ROUND_ROBIN' },
            outlierDetection: {
              consecutive5xxErrors: 3,
              interval: '0.1s',
              baseEjectionTime: '60s',
              maxEjectionPercent: 100,
            },
          },
        }),
    );
    await until('it is open', async () => (await answering(caller, 'outlier')) === second);
    answers.set(first, (_, answer) => answer.writeHead(500).end());
    const outcomes: string[] = [];
    await until('twenty in a row are well', async () => {
      outcomes.push(await answering(caller, 'outlier'));
      return outcomes.length >= 20 && outcomes.slice(-20).every((outcome) => outcome === second);
    });
    assert.equal(outcomes.filter((outcome) => outcome === '500').length, 3);
  });

  it('chooses endpoints in turn, or by chance', async () => {
    const endpoints = [{ address: first }, { address: second }];
    const balancing = (name: string, simple: string) =>
      fixed(name, endpoints) +
      destinationRule(name, { host: `${name}.test`, trafficPolicy: { loadBalancer: { simple } } });
    await mesh.apply(balancing('turns', 'ROUND_ROBIN') + balancing('chance', 'RANDOM'));
    await until('both hosts are open', async () => {
      const statuses = [await asking(caller, 'turns'), await asking(caller, 'chance')];
      return statuses.every(({ status }) => status === 200);
    });
    const turns: string[] = [];
    for (let count = 0; count < 10; count++) turns.push(await answering(caller, 'turns'));
    for (const [index, address] of turns.slice(1).entries()) assert.notEqual(address, turns[index]);
    const chance = await repeat(100, () => answering(caller, 'chance'));
    const firsts = chance.filter((address) => address === first).length;
    assert.ok(firsts >= 20 && firsts <= 80, `${firsts} of 100 went to the first`);
  });

  it('is looked for in the client’s namespace, the service’s, the root’s; the first with any decides', async () => {
    const rule = (name: string, namespace: string, host: string, more: object = {}) =>
      destinationRule(
        name,
        { host, trafficPolicy: { tls: { mode: 'SIMPLE', insecureSkipVerify: true, sni: `${name}.test` } }, ...more },
        { namespace },
      );
    async function asked(from: Workload, sni: string): Promise<void> {
      await until(`the server is asked for ${sni}`, async () => {
        return (await statusOf(from, 'ruled.test')) === 200 && secure.requests.items.at(-1)?.sni === sni;
      });
    }
    await mesh.apply(
      serviceEntry('ruled', { hosts: ['ruled.test'], ports: [toTls] }, { namespace: 'svc' }) +
        rule('root', 'istio-system', 'ruled.test') +
        rule('elsewhere', 'third', 'ruled.test'),
    );
    for (const from of [caller, stranger]) await asked(from, 'root.test');
    await mesh.apply(rule('hidden', 'svc', 'ruled.test', { exportTo: ['.'] }) + rule('service', 'svc', '*.test'));
    for (const from of [caller, stranger]) await asked(from, 'service.test');
    // A wildcard of the client's own comes before an exact host of the service's namespace.
    await mesh.apply(rule('client', 'default', '*.test') + rule('exact', 'svc', 'ruled.test'));
    await asked(caller, 'client.test');
    await asked(stranger, 'exact.test');
    await mesh.run('delete', 'destinationrule', 'client');
    await asked(caller, 'exact.test');
  });

  it('holds for selected workloads before one that is for all of the namespace', async () => {
    const rule = (name: string, more: object) =>
      destinationRule(name, {
        host: 'selected.test',
        trafficPolicy: { tls: { mode: 'SIMPLE', insecureSkipVerify: true, sni: `${name}.test` } },
        ...more,
      });
    await mesh.apply(
      serviceEntry('selected', { hosts: ['selected.test'], ports: [toTls] }) +
        rule('all', {}) +
        rule('some', { workloadSelector: { matchLabels: { app: 'caller' } } }),
    );
    for (const [from, sni] of [
      [caller, 'some.test'],
      [neighbour, 'all.test'],
    ] as const) {
      await until(`it is open for ${from.name}`, async () => (await statusOf(from, 'selected.test')) === 200);
      assert.equal(secure.requests.items.at(-1)?.sni, sni);
    }
  });
});
