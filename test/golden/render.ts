// Istio YAML -> the resources a sidecar of namespace `default` gets, as YAML text by resource type. A `capture.yaml`
// beside the input says how connections come to it, without one they are redirected; a `proxy.yaml` says who else it is.
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { DescMessage, JsonObject } from '@bufbuild/protobuf';
import { parse, stringify } from 'yaml';
import { z } from 'zod';
import { decodeManifests } from '../../src/api/decode.ts';
import { type ProxyIdentity, type TypeUrl, typeUrls } from '../../src/discovery/view.ts';
import { ClusterSchema } from '../../src/envoy/gen/envoy/config/cluster/v3/cluster_pb.js';
import { ClusterLoadAssignmentSchema } from '../../src/envoy/gen/envoy/config/endpoint/v3/endpoint_pb.js';
import { ListenerSchema } from '../../src/envoy/gen/envoy/config/listener/v3/listener_pb.js';
import { VirtualHostSchema } from '../../src/envoy/gen/envoy/config/route/v3/route_components_pb.js';
import { RouteConfigurationSchema } from '../../src/envoy/gen/envoy/config/route/v3/route_pb.js';
import { bytesToJson } from '../../src/envoy/json.ts';
import { createAllocatedAddresses } from '../../src/mesh/allocated-addresses.ts';
import { emptyMesh, updateMesh } from '../../src/mesh/mesh.ts';
import { createMeshObjects } from '../../src/mesh/mesh-objects.ts';
import { hasErrors } from '../../src/platform/diagnostic.ts';
import type { Capture } from '../../src/xds/capture.ts';
import { createViews } from '../../src/xds/views.ts';
import { testProxy } from '../support/memory-view.ts';

export const goldenTypes = ['clusters', 'endpoints', 'listeners', 'routes', 'virtualhosts'] as const;
export type GoldenType = (typeof goldenTypes)[number];

const messages: Record<GoldenType, { readonly type: TypeUrl; readonly schema: DescMessage }> = {
  clusters: { type: typeUrls.cluster, schema: ClusterSchema },
  endpoints: { type: typeUrls.endpoint, schema: ClusterLoadAssignmentSchema },
  listeners: { type: typeUrls.listener, schema: ListenerSchema },
  routes: { type: typeUrls.route, schema: RouteConfigurationSchema },
  virtualhosts: { type: typeUrls.virtualHost, schema: VirtualHostSchema },
};

export type Rendered = Record<GoldenType, readonly JsonObject[]>;

/** Resources in the order of their names. Throws when the input is not valid: a golden input is. */
export function renderGolden(inputFile: string): Rendered {
  const { objects, diagnostics } = decodeManifests(readFileSync(inputFile, 'utf8'), inputFile);
  if (hasErrors(diagnostics)) throw new Error(JSON.stringify(diagnostics, undefined, 1));
  const capture = captureOf(dirname(inputFile));
  // As the control plane has it: where programs name the host themselves, addresses are of no use.
  const options = capture.kind === 'redirect' ? { addresses: createAllocatedAddresses(), mutualTls: true } : {};
  const change = createMeshObjects(options).translate(
    objects.map(({ object }, index) => ({ type: 'ADDED', object: aged(object, index) })),
  );
  const { mesh, delta } = updateMesh(emptyMesh, change);
  const views = createViews({ capture });
  views.update(mesh, delta);
  const view = views.viewFor(proxyOf(dirname(inputFile)));
  const render = (name: GoldenType) => {
    const { type, schema } = messages[name];
    const resources = [...view.resources(type).values()].sort((a, b) => (a.name < b.name ? -1 : 1));
    return resources.map((resource) => bytesToJson(schema, resource.bytes));
  };
  return {
    clusters: render('clusters'),
    endpoints: render('endpoints'),
    listeners: render('listeners'),
    routes: render('routes'),
    virtualhosts: render('virtualhosts'),
  };
}

const portRule = z.strictObject({
  host: z.string(),
  port: z.number().exactOptional(),
  address: z.string(),
  targetPort: z.number().exactOptional(),
});
const proxyCapture = z.strictObject({ kind: z.literal('proxy'), portRules: z.array(portRule) });

function captureOf(folder: string): Capture {
  const file = join(folder, 'capture.yaml');
  return existsSync(file) ? proxyCapture.parse(parse(readFileSync(file, 'utf8'))) : { kind: 'redirect' };
}

const proxy = z.strictObject({
  type: z.enum(['sidecar', 'router']),
  namespace: z.string(),
  labels: z.record(z.string(), z.string()),
});

/** `proxy.yaml` beside the input; without one a sidecar of `default` without labels. */
function proxyOf(folder: string): ProxyIdentity {
  const file = join(folder, 'proxy.yaml');
  const given = existsSync(file) ? proxy.parse(parse(readFileSync(file, 'utf8'))) : {};
  return { ...testProxy('golden'), ...given };
}

export function toYaml(resources: readonly JsonObject[]): string {
  return resources.length === 0 ? '' : stringify(resources, { lineWidth: 0, aliasDuplicateObjects: false });
}

/** Each a second younger than the one before, as if applied in the order of the file. */
function aged<T extends { readonly metadata: object }>(object: T, index: number): T {
  const creationTimestamp = new Date(Date.UTC(2026, 0, 1, 0, 0, index)).toISOString();
  return { ...object, metadata: { ...object.metadata, creationTimestamp } };
}
