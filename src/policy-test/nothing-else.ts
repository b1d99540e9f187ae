// All that a workload might call beside what a test lets it: every host outside that the mesh knows, by any protocol on its ports
// and on 80 and 443; names and addresses that nobody registered, on those ports; and requests beside those that are let out.
import { isWildcardHost } from '../api/host-name.ts';
import type { Mesh } from '../mesh/mesh.ts';
import type { Service } from '../mesh/service.ts';
import type { Attempt } from '../verdict/attempt.ts';
import { type Call, covers, nobodys } from './call.ts';

const usualPorts = [80, 443];
/** Where programs often go, whether or not the mesh knows of them: 8080, 8443 and databases; SSH and mail for those who carry off. */
const otherPorts = [22, 25, 5432, 8080, 8443];
const protocols = ['http', 'tls', 'tcp'] as const;
const methods = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'HEAD', 'OPTIONS'];

/** Nobody's name, and nobody's address that is public. */
const unregistered = [{ host: `${nobodys}.invalid` }, { host: '11.22.33.44' }];
/** Where clouds tell machines their secrets. */
const cloudMetadata = { protocol: 'http', host: '169.254.169.254', port: 80 } as const;

/** None that one of `calls` means. */
export function* attemptsBeside(mesh: Mesh, calls: readonly Call[]): Iterable<Attempt> {
  const outside = portsOutside(mesh);
  const known = new Set([...outside.values()].flatMap((ports) => [...ports]));
  const everywhere = [...new Set([...usualPorts, ...otherPorts, ...known])].sort((a, b) => a - b);
  for (const [host, ports] of outside) {
    const name = isWildcardHost(host) ? `${nobodys}${host.slice(1)}` : host;
    yield* onPorts({ host: name }, new Set([...ports, ...usualPorts]), calls);
  }
  for (const target of unregistered) yield* onPorts(target, everywhere, calls);
  if (!calls.some((call) => covers(call, cloudMetadata))) yield cloudMetadata;
}

/** By host, oldest name first. */
function portsOutside({ services, virtualServices, egressPolicies }: Mesh): ReadonlyMap<string, ReadonlySet<number>> {
  const found = new Map<string, Set<number>>();
  const inside = new Set<string>();
  for (const host of services.hosts()) {
    const claims = services.get(host);
    if (!claims.some(isOutside)) inside.add(host);
    else found.set(host, new Set(claims.flatMap(({ ports }) => ports.map(({ number }) => number))));
  }
  // What rules and policies speak of may be led somewhere, registered or not.
  for (const host of [...virtualServices.hosts(), ...egressPolicies.hosts()]) {
    if (host !== '*' && host.includes('.') && !inside.has(host) && !found.has(host)) found.set(host, new Set());
  }
  return new Map([...found].sort(([a], [b]) => (a < b ? -1 : 1)));
}

function isOutside({ external, externalName }: Service): boolean {
  return external || externalName !== undefined;
}

function* onPorts(target: Pick<Attempt, 'host'>, ports: Iterable<number>, calls: readonly Call[]): Iterable<Attempt> {
  for (const port of ports) {
    for (const protocol of protocols) {
      const attempt = { ...target, protocol, port };
      const meant = calls.filter((call) => covers(call, attempt) || isPartOf(call, attempt));
      if (meant.length === 0) yield attempt;
      else yield* requestsBeside(attempt, meant);
    }
  }
}

/** Whether it means some of these requests alone. */
function isPartOf({ url: { path, ...url }, ...call }: Call, attempt: Attempt): boolean {
  const { method: _method, headers: _headers, ...rest } = call;
  return covers({ ...rest, url }, attempt);
}

/** Requests to the same host that none of them means; none where one means them all. */
function* requestsBeside(attempt: Attempt, calls: readonly Call[]): Iterable<Attempt> {
  if (calls.some((call) => covers(call, attempt))) return;
  // Who asks for headers has others refused.
  const headers = calls.some((call) => call.headers !== undefined) ? { headers: new Map<string, string>() } : {};
  const paths = new Set([`/${nobodys}`, ...calls.flatMap(({ url }) => (url.path === undefined ? [] : near(url.path)))]);
  for (const path of paths) {
    const asked = { ...attempt, path, ...headers };
    const named = new Set(calls.flatMap(({ method }) => method ?? []));
    const anyMethod = calls.some(({ method: _method, ...call }) => covers(call, asked));
    if (!anyMethod) yield asked;
    else {
      for (const method of new Set([...methods, ...named])) {
        if (!calls.some((call) => covers(call, { ...asked, method }))) yield { ...asked, method };
      }
    }
  }
}

/** The path itself, what is below it, and what is beside it. */
function near(pattern: string): readonly string[] {
  const path = pattern.replace(/[?*].*$/, '');
  const folder = path.slice(0, path.lastIndexOf('/') + 1) || '/';
  const below = path.endsWith('/') ? path : `${path}/`;
  const whole = pattern.endsWith('*') ? `${path}${nobodys}` : path;
  return [whole, `${below}${nobodys}`, `${folder}${nobodys}`];
}
