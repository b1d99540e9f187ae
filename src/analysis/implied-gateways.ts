// What controllers make of objects, where files alone are looked at: the Service and the pods of each MeshGateway, and of the
// two gateways that every mesh has (controllers/gateways makes the real ones).
import { storedApiVersion } from '../api/kind.ts';
import { istioKind, istioVersion } from '../api/kinds/istio.ts';
import { meshGatewayKind } from '../api/kinds/mesh-gateway.ts';
import { gatewayNameLabel, gatewayTypeLabel } from '../api/kinds/mesh-gateway-validation.ts';
import type { ServicePort } from '../api/kinds/service.ts';
import { type KubeObject, keyOf, keyString } from '../api/object.ts';
import { parseObject } from '../api/parse-object.ts';
import { meshConfigKey } from '../mesh/mesh-config.ts';

interface ImpliedGateway {
  readonly namespace: string;
  readonly name: string;
  readonly type: 'ingress' | 'egress';
  readonly labels: Readonly<Record<string, string>>;
  readonly ports: readonly ServicePort[];
}

/** None that is among the objects itself. */
export function impliedGateways(objects: readonly KubeObject[]): readonly KubeObject[] {
  const own = objects.flatMap((object) => meshGatewayOf(object) ?? []);
  const given = new Set(objects.map((object) => keyString(keyOf(object))));
  const gateways = new Map(
    [...ofEveryMesh(objects), ...own].map((gateway) => [`${gateway.namespace}/${gateway.name}`, gateway]),
  );
  return [...gateways.values()].flatMap(objectsOf).filter((object) => !given.has(keyString(keyOf(object))));
}

function meshGatewayOf(object: KubeObject): ImpliedGateway | undefined {
  if (object.kind !== meshGatewayKind.kind) return undefined;
  const gateway = parseObject(meshGatewayKind.schema, object);
  if (gateway === undefined) return undefined;
  const { metadata, spec } = gateway;
  const { labels = {}, ports, type } = spec;
  return { namespace: metadata.namespace ?? 'default', name: metadata.name, type, labels, ports };
}

/** As the mesh's Istio object says, if it is among them. */
function ofEveryMesh(objects: readonly KubeObject[]): readonly ImpliedGateway[] {
  const { namespace, name } = meshConfigKey;
  const settings = objects.find((object) => keyString(keyOf(object)) === keyString(meshConfigKey));
  const parsed = istioKind.schema.safeParse(
    settings ?? {
      apiVersion: storedApiVersion(istioKind),
      kind: istioKind.kind,
      metadata: { name, namespace },
      spec: { version: istioVersion },
    },
  );
  if (!parsed.success) return [];
  const { gateways } = istioKind.withDefaults(parsed.data).spec;
  return (['ingress', 'egress'] as const).flatMap((type) => {
    const { enabled, ports = [], labels = {} } = gateways?.[type] ?? {};
    if (gateways?.enabled === false || enabled === false) return [];
    const own = { app: `istio-${type}gateway`, istio: `${type}gateway` };
    return [{ namespace, name: `istio-${type}gateway`, type, labels: { ...labels, ...own }, ports }];
  });
}

/** `index`: of the gateway; each has an address of its own, as its Service would be given one. */
function objectsOf({ namespace, name, type, labels, ports }: ImpliedGateway, index: number): readonly KubeObject[] {
  const selector = { [gatewayNameLabel]: name, [gatewayTypeLabel]: type };
  const metadata = { name, namespace, labels: { ...labels, ...selector } };
  const containers = [{ name: 'istio-proxy', args: ['proxy', 'router'] }];
  return [
    {
      apiVersion: 'v1',
      kind: 'Service',
      metadata,
      spec: { selector, ports, clusterIP: `10.96.${255 - (index >> 8)}.${index & 255}` },
    },
    { apiVersion: 'v1', kind: 'Pod', metadata, spec: { containers } },
  ];
}
