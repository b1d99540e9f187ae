// A real mesh beside the verdicts on it: random objects are applied, workloads call, and what they and the servers outside saw is
// held against what the resources of their proxies say.

import { podKind } from '../../src/api/kinds/pod.ts';
import type { KubeObject } from '../../src/api/object.ts';
import { proxyAddresses } from '../../src/controllers/proxy-addresses.ts';
import { meshKinds } from '../../src/mesh/mesh-objects.ts';
import type { ObjectsBody, PodsBody, ProxiesBody } from '../../src/server/wire.ts';
import type { Attempt } from '../../src/verdict/attempt.ts';
import { createObjectWorld } from '../../src/verdict/object-world.ts';
import type { WorldObjects } from '../../src/verdict/testing/arbitrary-world.ts';
import type { End, Verdict } from '../../src/verdict/verdict.ts';
import type { World } from '../../src/verdict/world.ts';
import type { Scope } from './envoy-process.ts';
import { startMesh, type TestMesh, type Workload } from './mesh.ts';
import { gatewayPort, meshGateway } from './networking.ts';
import { startOutsideHttp, startOutsideTcp } from './outside-server.ts';
import { outsideAddress } from './outside-world.ts';
import { until } from './until.ts';

/** By the first letter of their hosts, each with an address of its own. */
const outside = ['a', 'b', 'x', 'u', 'd'] as const;
const hosts = { a: 'a.test', b: 'b.test', x: 'x.wild.test', u: 'u.test', d: 'db.test' } as const;

/** A call of a workload, and what came of it: `a` for the server that answered, a status of a proxy, or `closed`. */
export interface Outcome {
  readonly source: { readonly namespace: string; readonly workload: string };
  readonly attempt: Attempt;
  readonly seen: string;
}

export interface VerdictMesh {
  readonly mesh: TestMesh;
  /** These as well, or in place of those of their names. */
  add(objects: WorldObjects): Promise<void>;
  outcomes(): Promise<readonly Outcome[]>;
  again(outcome: Outcome): Promise<Outcome>;
  /** With these objects in place of those of the case before, what differs between verdicts and what was seen, as lines; empty: nothing. */
  differences(objects: WorldObjects): Promise<readonly string[]>;
}

export interface VerdictMeshOptions {
  readonly capture: 'redirect' | 'proxy';
  /** Of the first of five outside addresses. */
  readonly address: number;
}

const server = `require('http').createServer((q, r) => { r.setHeader('x-server', 'srv'); r.end() }).listen(8080, process.env.HOST)`;

export async function startVerdictMesh(t: Scope, { capture, address }: VerdictMeshOptions): Promise<VerdictMesh> {
  const addresses = new Map(outside.map((name, index) => [name, outsideAddress(address + index)]));
  for (const [name, own] of addresses) {
    const respond = (_: unknown, response: { setHeader(name: string, value: string): void; end(): void }) => {
      response.setHeader('x-server', name);
      response.end();
    };
    await startOutsideHttp({ t, address: own, port: 80, respond });
    await startOutsideHttp({ t, address: own, port: 8080, respond });
    await startOutsideHttp({ t, address: own, port: 443, tls: true, respond });
    await startOutsideTcp({ t, address: own, port: 5432, serve: ({ socket }) => socket.end(`x-server: ${name}`) });
  }
  const rules = outside.map((name) => ({ host: hosts[name], address: addresses.get(name) ?? '' }));
  const resolve = rules.flatMap(({ host, address: own }) => ['--resolve', `${host}=${own}`]);
  const mesh = await startMesh(t, { up: ['--capture', capture, '--drain-time-s', '1', ...resolve] });
  await mesh.apply(
    meshGateway('egress', { type: 'egress', ports: [gatewayPort('http', 80, 8080), gatewayPort('tls', 443, 8443)] }) +
      JSON.stringify({
        apiVersion: 'v1',
        kind: 'Service',
        metadata: { name: 'srv', namespace: 'default' },
        spec: { selector: { app: 'srv' }, ports: [{ name: 'http', port: 80, targetPort: 8080 }] },
      }),
  );
  const ports = ['--port', '8080:http'];
  await mesh.workload('srv', { command: [process.execPath, '-e', server], args: ['--label', 'app=srv', ...ports] });
  const callers = new Map<string, Workload>([
    ['web', await mesh.workload('web', { args: ['--label', 'app=web'] })],
    ['pay', await mesh.workload('pay', { args: ['--label', 'app=pay', '--service-account', 'pay'] })],
    ['far', await mesh.workload('far', { namespace: 'other', args: ['--label', 'app=web'] })],
  ]);
  await mesh.run('rollout', 'status', 'deployment/egress');
  const attempts = attemptsWith(addresses.get('a') ?? '', addresses.get('d') ?? '');
  let applied: readonly string[] = [];

  async function world(): Promise<World> {
    const objects = (await Promise.all([...meshKinds, podKind].map(({ plural }) => objectsOf(mesh, plural)))).flat();
    const { pods }: PodsBody = await get(mesh, 'pods');
    return createObjectWorld({
      objects: [
        ...new Map(objects.map((one) => [`${one.kind} ${one.metadata.namespace} ${one.metadata.name}`, one])).values(),
      ],
      capture:
        capture === 'proxy' ? { kind: 'proxy', portRules: rules } : { kind: 'redirect', proxies: proxyAddresses },
      proxyIPs: new Map(pods.map((pod) => [`${pod.namespace}/${pod.name}`, pod.proxyIP])),
      resolve: (host) => rules.find((rule) => rule.host === host)?.address,
      strict: true,
    });
  }

  async function add(objects: WorldObjects): Promise<void> {
    const yaml = objects.map((one) => JSON.stringify(one));
    // What is refused is not there for verdicts either.
    await mesh.tryApply(yaml.join('\n---\n'));
    applied = [...applied, ...yaml];
    await settled(mesh);
  }

  async function become(objects: WorldObjects): Promise<void> {
    const left = applied.filter((one) => !one.includes('"kind":"Istio"'));
    if (left.length > 0) await mesh.remove(left.join('\n---\n'));
    applied = [];
    await add(objects);
  }

  const again = async (outcome: Outcome): Promise<Outcome> => {
    const caller = callers.get(outcome.source.workload);
    if (caller === undefined) throw new Error(`${outcome.source.workload} does not run`);
    return { ...outcome, seen: await call(caller, outcome.attempt, capture) };
  };

  return {
    mesh,
    add,
    again,
    outcomes() {
      const asked = [...callers.keys()].flatMap((workload) => {
        const source = { namespace: workload === 'far' ? 'other' : 'default', workload };
        return attempts
          .filter((attempt) => isNamed(workload, attempt))
          .map((attempt) => ({ source, attempt, seen: '' }));
      });
      return Promise.all(asked.map(again));
    },
    async differences(objects) {
      await become(objects);
      const now = await world();
      const found = await Promise.all(
        [...callers].flatMap(([name, workload]) =>
          attempts
            .filter((attempt) => isNamed(name, attempt))
            .map(async (attempt) => {
              const caller = now.proxies.find((proxy) => proxy.workload === name);
              if (caller === undefined) throw new Error(`${name} does not run`);
              const verdict = now.verdictOf(caller, attempt);
              const expected = new Set(expectedOf(verdict, attempt, addresses));
              let seen = '';
              await until(
                'what was foretold',
                async () => {
                  seen = await call(workload, attempt, capture);
                  return expected.has(seen);
                },
                4000,
              ).catch(() => undefined);
              const { protocol, host, port, method = '', path = '' } = attempt;
              const asked = `${name} ${protocol} ${host}:${port} ${method} ${path}`;
              return expected.has(seen) ? [] : [`${asked}: saw ${seen}, foretold ${JSON.stringify(verdict)}`];
            }),
        ),
      );
      const lines = found.flat();
      // Who has not taken what it was sent is no witness.
      return lines.length === 0 ? [] : [...lines, ...(await refusals(mesh))];
    },
  };
}

function attemptsWith(web: string, database: string): readonly Attempt[] {
  const http = (host: string, path = '/', more: Partial<Attempt> = {}): Attempt => {
    return { protocol: 'http', host, port: 80, method: 'GET', path, headers: new Map(), ...more };
  };
  const tls = (host: string): Attempt => ({
    protocol: 'tls',
    host,
    port: 443,
    method: 'GET',
    path: '/',
    headers: new Map(),
  });
  return [
    http('a.test'),
    http('a.test', '/v1/x'),
    http('a.test', '/v2/../v1/x?q=1'),
    http('a.test', '/v1/x', { method: 'POST', headers: new Map([['x-team', 'pay']]) }),
    http('a.test', '/', { port: 8080 }),
    http('b.test'),
    http('x.wild.test', '/v1/x'),
    http('u.test'),
    http('srv'),
    http('srv.default.svc.cluster.local', '/v1/x'),
    http(web),
    tls('a.test'),
    tls('b.test'),
    tls('x.wild.test'),
    tls('u.test'),
    { protocol: 'tcp', host: 'db.test', port: 5432 },
    { protocol: 'tcp', host: database, port: 5432 },
  ];
}

/** A name without dots is one of the own namespace. */
function isNamed(caller: string, { host }: Attempt): boolean {
  return caller !== 'far' || host.includes('.');
}

async function call(workload: Workload, attempt: Attempt, capture: 'redirect' | 'proxy'): Promise<string> {
  const { protocol, host, port, method = 'GET', path = '/', headers = new Map<string, string>() } = attempt;
  if (protocol === 'http') {
    const own = Object.fromEntries(headers);
    const {
      status,
      headers: answer,
      error,
    } = await workload.perform({ do: 'http', host, port, method, path, headers: own });
    return answer?.['x-server'] ?? (status === undefined ? (`closed ${error}`.split(' ')[0] ?? '') : String(status));
  }
  if (protocol === 'tls') {
    const { text = '', error } = await workload.perform({ do: 'tls', host, port });
    return statusOfConnect(error) ?? serverIn(text);
  }
  const steps = [{ send: 'hello' }, { ended: true }] as const;
  const { text = '', error } = await workload.perform({
    do: 'talk',
    host,
    port,
    steps,
    tunnel: capture === 'proxy',
    timeoutMs: 3000,
  });
  return statusOfConnect(error) ?? serverIn(text);
}

/** What a proxy answered who asked it for a connection. */
function statusOfConnect(error: string | undefined): string | undefined {
  return /^CONNECT (\d+)$/.exec(error ?? '')?.[1];
}

function serverIn(text: string): string {
  const server = /x-server: (\w+)/i.exec(text)?.[1];
  const status = /^HTTP\/1.1 (\d+)/.exec(text)?.[1];
  return server ?? status ?? 'closed';
}

function expectedOf({ ways }: Verdict, attempt: Attempt, addresses: ReadonlyMap<string, string>): readonly string[] {
  return ways.map(({ end }) => seenAt(end, attempt, addresses));
}

function seenAt(end: End, attempt: Attempt, addresses: ReadonlyMap<string, string>): string {
  switch (end.kind) {
    case 'service':
      return 'srv';
    case 'external':
      return letterOf(end.host, addresses) ?? letterOf(attempt.host, addresses) ?? end.host;
    case 'passthrough':
      return letterOf(attempt.host, addresses) ?? (attempt.host.startsWith('srv') ? 'srv' : attempt.host);
    case 'answered':
      return String(end.code);
    case 'refused':
    case 'unanswered':
      return String(end.how);
    case 'untold':
      return end.reason;
  }
}

function letterOf(host: string, addresses: ReadonlyMap<string, string>): string | undefined {
  const byName = host === '*.wild.test' ? 'x' : Object.entries(hosts).find(([, name]) => name === host)?.[0];
  return byName ?? [...addresses].find(([, address]) => address === host)?.[0];
}

async function settled(mesh: TestMesh): Promise<void> {
  await until('proxies have taken it', async () => {
    const { proxies }: ProxiesBody = await get(mesh, 'proxies');
    return proxies.every(({ types }) => Object.values(types).every(({ state }) => state !== 'STALE'));
  });
}

async function refusals(mesh: TestMesh): Promise<readonly string[]> {
  const { proxies }: ProxiesBody = await get(mesh, 'proxies');
  return proxies.flatMap(({ name, types }) =>
    Object.entries(types).flatMap(([type, { state, ...more }]) =>
      state === 'ERROR' || state === 'STALE' ? [`${name} ${type} ${state} ${JSON.stringify(more)}`] : [],
    ),
  );
}

async function objectsOf(mesh: TestMesh, plural: string): Promise<readonly KubeObject[]> {
  const { items }: ObjectsBody = await get(mesh, `objects/${plural}?view=objects`);
  return items;
}

async function get<T>(mesh: TestMesh, path: string): Promise<T> {
  const answer = await fetch(`http://${mesh.listen}/v1/${path}`);
  if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
  return (await answer.json()) as T;
}
