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
import { createTrafficRegistry } from '../controllers/traffic-registry.ts';
import type { ProxyIdentity } from '../discovery/view.ts';
import { createAllocatedAddresses } from '../mesh/allocated-addresses.ts';
import { emptyMesh, updateMesh } from '../mesh/mesh.ts';
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

export function createObjectWorld(options: ObjectWorldOptions): World {
  const { capture, files, proxyIPs, resolve, clock, strict } = options;
  const objects = completed(options.objects);
  const events = objects.map((object): WatchEvent => ({ type: 'ADDED', object }));
  const redirect = capture.kind === 'redirect';
  const translation = createMeshObjects({
    mutualTls: redirect,
    ...(redirect ? { addresses: createAllocatedAddresses() } : {}),
    ...(clock === undefined ? {} : { clock }),
  });
  const change = { ...translation.translate(events), ...(files === undefined ? {} : { files }) };
  const { mesh, delta } = updateMesh(emptyMesh, change);
  const views = createViews({ capture });
  views.update(mesh, delta);
  const found = objects.flatMap((object) => podOf(object, proxyIPs) ?? []);
  const proxies = found.map(({ identity }) => identity);
  const pods = found.map(({ place }) => place);
  const registry = createTrafficRegistry({
    mesh: () => mesh,
    proxies: () => proxies,
    pods: () =>
      found.map(({ identity, place }) => ({ appIP: place.podIP, proxyIP: '', ...place, workload: identity.workload })),
  });
  return createWorld({
    mesh,
    capture: capture.kind,
    viewOf: (identity) => views.viewFor(identity),
    registry,
    proxies,
    pods,
    ...(resolve === undefined ? {} : { resolve }),
    ...(strict === undefined ? {} : { strict }),
  });
}

interface FoundPod {
  readonly identity: ProxyIdentity;
  readonly place: PodAddresses;
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
  return { identity: identityOf(podKind.withDefaults(pod), { podIP }), place };
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
