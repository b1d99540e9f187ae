// The world that objects make: translated anew from all of them, since their translation remembers. Views are built when they are
// asked for, and only those. What controllers would make of the objects (the pods of a gateway, a Service's address) is added
// where it is not there.
import { impliedGateways } from '../analysis/implied-gateways.ts';
import { isHostPod } from '../api/gateway-pod.ts';
import { podKind } from '../api/kinds/pod.ts';
import { clusterIpRange, serviceKind } from '../api/kinds/service.ts';
import { type KubeObject, keyOf, keyString } from '../api/object.ts';
import { parseObject } from '../api/parse-object.ts';
import { identityOf } from '../controllers/pod-workload.ts';
import { createTrafficRegistry, type TrafficRegistryOptions } from '../controllers/traffic-registry.ts';
import type { ProxyIdentity } from '../discovery/view.ts';
import { createAllocatedAddresses } from '../mesh/allocated-addresses.ts';
import { emptyMesh, type MeshChange, updateMesh } from '../mesh/mesh.ts';
import { createMeshObjects } from '../mesh/mesh-objects.ts';
import type { WatchEvent } from '../store/store.ts';
import type { Capture } from '../xds/capture.ts';
import { createViews } from '../xds/views.ts';
import { createWorld, type PodAddresses, type World } from './world.ts';

export interface ObjectWorldOptions {
  /** As the store has them; each name once. */
  readonly objects: readonly KubeObject[];
  readonly capture: Capture;
  /** Content of files that objects name, by path. */
  readonly files?: ReadonlyMap<string, Uint8Array | undefined>;
  /** From where the proxies of pods call others, by `namespace/name` of the pod. */
  readonly proxyIPs?: ReadonlyMap<string, string>;
  readonly resolve?: (host: string, port: number) => string | undefined;
  readonly clock?: () => number;
  readonly strict?: boolean;
}

export interface ObjectWorlds {
  /** As the objects are now. */
  world(): World;
  /** These objects in place of those of their names; pods and what controllers make stay as they are. */
  change(events: readonly WatchEvent[]): void;
}

export function createObjectWorld(options: ObjectWorldOptions): World {
  return createObjectWorlds(options).world();
}

/** For trying changes one after the other: each costs no more than it is. */
export function createObjectWorlds(options: ObjectWorldOptions): ObjectWorlds {
  const { capture, files, proxyIPs, resolve, clock, strict } = options;
  const objects = completed(options.objects);
  const redirect = capture.kind === 'redirect';
  const translation = createMeshObjects({
    mutualTls: redirect,
    ...(redirect ? { addresses: createAllocatedAddresses() } : {}),
    ...(clock === undefined ? {} : { clock }),
  });
  const views = createViews({ capture });
  const found = objects.flatMap((object) => podOf(object, proxyIPs) ?? []);
  const proxies = found.map(({ identity }) => identity);
  let mesh = emptyMesh;

  function take(events: readonly WatchEvent[], more: Pick<MeshChange, 'files'> = {}): void {
    const next = updateMesh(mesh, { ...translation.translate(events), ...more });
    mesh = next.mesh;
    views.update(mesh, next.delta);
  }

  take(
    objects.map((object): WatchEvent => ({ type: 'ADDED', object })),
    files === undefined ? {} : { files },
  );
  return {
    change: take,
    world() {
      const snapshot = mesh;
      const registry = createTrafficRegistry({
        mesh: () => snapshot,
        proxies: () => proxies,
        pods: () => found.map(({ status }) => status),
      });
      return createWorld({
        mesh,
        capture: capture.kind,
        viewOf: (identity) => views.viewFor(identity),
        registry,
        proxies,
        pods: found.map(({ place }) => place),
        ...(resolve === undefined ? {} : { resolve }),
        ...(strict === undefined ? {} : { strict }),
      });
    },
  };
}

interface FoundPod {
  readonly identity: ProxyIdentity;
  readonly place: PodAddresses;
  readonly status: ReturnType<TrafficRegistryOptions['pods']>[number];
}

/** Undefined: no proxy stands before it. */
function podOf(object: KubeObject, proxyIPs: ReadonlyMap<string, string> = new Map()): FoundPod | undefined {
  if (object.kind !== podKind.kind) return undefined;
  const pod = parseObject(podKind.schema, object);
  if (pod === undefined || isHostPod(pod)) return undefined;
  const { name, namespace = 'default' } = pod.metadata;
  const podIP = pod.status?.podIP ?? '';
  const proxyIP = proxyIPs.get(`${namespace}/${name}`);
  const place = { namespace, name, podIP, ...(proxyIP === undefined ? {} : { proxyIP }) };
  const identity = identityOf(podKind.withDefaults(pod), { podIP });
  const status = { ...place, workload: identity.workload, appIP: podIP, proxyIP: proxyIP ?? '' };
  return { identity, place, status };
}

/** With what is made of them by itself. */
function completed(objects: readonly KubeObject[]): readonly KubeObject[] {
  const given = new Set(objects.map((object) => keyString(keyOf(object))));
  const implied = impliedGateways(objects);
  // A gateway that is there has pods of other names.
  const made = implied.filter((object) => object.kind === 'Service' || !given.has(keyString(serviceKeyOf(object))));
  const all = [...objects, ...made.map(running)];
  return withAddresses(all);
}

function serviceKeyOf({ metadata }: KubeObject) {
  return { ...keyOf({ apiVersion: 'v1', kind: 'Service', metadata }) };
}

/** Addresses that no mesh gives its pods. */
function running(object: KubeObject, index: number): KubeObject {
  if (object.kind !== podKind.kind) return object;
  const podIP = `100.127.${index >> 8}.${index & 255}`;
  const containerStatuses = [{ name: 'istio-proxy', ready: true }];
  return { ...object, status: { phase: 'Running', podIP, containerStatuses } };
}

/** Services that are not given one yet. */
function withAddresses(objects: readonly KubeObject[]): readonly KubeObject[] {
  const prefix = clusterIpRange.split('.').slice(0, 2).join('.');
  let next = 0;
  return objects.map((object) => {
    if (object.kind !== serviceKind.kind) return object;
    const service = parseObject(serviceKind.schema, object);
    if (service === undefined || service.spec.type === 'ExternalName' || service.spec.clusterIP) return object;
    next += 1;
    const clusterIP = `${prefix}.${254 - (next >> 8)}.${next & 255}`;
    return { ...object, spec: { ...specOf(object), clusterIP } };
  });
}

function specOf({ spec }: KubeObject): object {
  return typeof spec === 'object' && spec !== null ? spec : {};
}
