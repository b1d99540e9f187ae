// What verdicts are made in: a mesh with its proxies, as it is or as a change would make it. Reading is all that is done to it.
import { isIP, isIPv4 } from 'node:net';
import type { ProxyIdentity, View } from '../discovery/view.ts';
import type { Mesh } from '../mesh/mesh.ts';
import { nameAnswer } from '../mesh/name-answer.ts';
import type { Registry } from '../telemetry/intake/registry.ts';
import type { Attempt } from './attempt.ts';
import { createEnds } from './end.ts';
import { verdictOn } from './play.ts';
import type { Verdict } from './verdict.ts';
import { createVerdictMemo } from './verdict-memo.ts';
import type { Proxies } from './walk/walk.ts';

export interface World {
  readonly mesh: Mesh;
  readonly capture: 'redirect' | 'proxy';
  /** Workloads with a proxy, gateways among them. */
  readonly proxies: readonly ProxyIdentity[];
  /** Of two proxies with the same view verdicts are the same, but for who is told of. */
  viewOf(identity: ProxyIdentity): View;
  verdictOf(caller: ProxyIdentity, attempt: Attempt): Verdict;
}

/** Where a pod is on the network of the mesh. */
export interface PodAddresses {
  readonly namespace: string;
  readonly name: string;
  readonly podIP: string;
  /** From where its proxy calls others; undefined: not known. */
  readonly proxyIP?: string;
}

export interface WorldOptions {
  readonly mesh: Mesh;
  readonly capture: 'redirect' | 'proxy';
  readonly viewOf: (identity: ProxyIdentity) => View;
  readonly registry: Registry;
  readonly proxies: readonly ProxyIdentity[];
  readonly pods: readonly PodAddresses[];
  /** Address of a name outside, where that is known (`--resolve`). */
  readonly resolve?: (host: string, port: number) => string | undefined;
  /** What is not known here is an exception, and no answer. */
  readonly strict?: boolean;
}

export function createWorld(options: WorldOptions): World {
  const { mesh, capture, registry, proxies, pods, strict = false } = options;
  const { resolve = () => undefined } = options;
  const viewOf = onceFor(options.viewOf);
  const byName = new Map(proxies.map((identity) => [podName(identity), identity]));
  const byAddress = new Map(pods.map((pod) => [pod.podIP, byName.get(podName(pod))]));
  const callers = new Map(pods.map((pod) => [podName(pod), pod.proxyIP]));
  const known: Proxies = {
    viewOf,
    at: (address) => byAddress.get(address),
    callsFrom: (identity) => callers.get(podName(identity)),
    service(host, namespace) {
      const answer = nameAnswer(mesh, host, namespace);
      return answer?.forPrograms === true ? undefined : answer?.addresses.find(isIPv4);
    },
    resolve: (host, port) => (isIP(host) !== 0 ? host : resolve(host, port)),
    trustDomain: mesh.config.trustDomain,
  };
  const ends = createEnds(registry);
  const memo = createVerdictMemo({ viewOf, byAddress: asksForAddresses(mesh) });
  return {
    mesh,
    capture,
    proxies,
    viewOf,
    verdictOf: (caller, attempt) =>
      memo.of(caller, attempt, () => verdictOn({ mesh, capture, caller, attempt, proxies: known, ends, strict })),
  };
}

/** Whether some policy tells callers apart by where they call from. */
function asksForAddresses({ authorizationPolicies }: Mesh): boolean {
  const policies = [...authorizationPolicies.hosts()].flatMap((namespace) => authorizationPolicies.get(namespace));
  return policies.some(({ rules }) =>
    rules.some(({ sources, conditions }) =>
      [...sources.flat(), ...conditions].some(
        ({ attribute }) => attribute === 'source.ip' || attribute === 'remote.ip',
      ),
    ),
  );
}

/** Of which view a proxy is costs a look at all that the mesh asks of proxies. */
function onceFor(viewOf: World['viewOf']): World['viewOf'] {
  const known = new WeakMap<ProxyIdentity, View>();
  return (identity) => {
    const view = known.get(identity) ?? viewOf(identity);
    known.set(identity, view);
    return view;
  };
}

function podName({ namespace, name }: Pick<ProxyIdentity, 'namespace' | 'name'>): string {
  return `${namespace}/${name}`;
}
