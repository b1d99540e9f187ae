// The Mesh: an immutable snapshot of everything that decides about egress, without an Envoy type in it. It is
// made from the one before and the objects that changed, at a cost that follows the change: only hosts named by
// those objects are touched, and the delta names them so that nothing downstream looks at the rest.
import { emptyHostIndex, type HostIndex } from './host-index.ts';
import { defaultMeshConfig, type MeshConfig } from './mesh-config.ts';
import { compareAge, type Service } from './service.ts';

export interface Mesh {
  readonly config: MeshConfig;
  readonly services: HostIndex;
}

/** What differs between a snapshot and the one before. */
export interface MeshDelta {
  readonly configChanged: boolean;
  readonly hosts: ReadonlySet<string>;
}

/** One object's change, already translated: the services it stood for and those it stands for now. */
export interface ServicesChange {
  readonly before: readonly Service[];
  readonly after: readonly Service[];
}

export const emptyMesh: Mesh = { config: defaultMeshConfig, services: emptyHostIndex };

/** The next snapshot. `before` services are recognised by identity, as they came out of an earlier call. */
export function updateMesh(
  mesh: Mesh,
  changes: readonly ServicesChange[],
  config: MeshConfig = mesh.config,
): { readonly mesh: Mesh; readonly delta: MeshDelta } {
  const hosts = new Set<string>();
  let { services } = mesh;
  for (const { before, after } of changes) {
    for (const service of before) {
      services = services.with(
        service.host,
        services.get(service.host).filter((claim) => claim !== service),
      );
      hosts.add(service.host);
    }
    for (const service of after) {
      services = services.with(service.host, [...services.get(service.host), service].sort(compareAge));
      hosts.add(service.host);
    }
  }
  const configChanged = config !== mesh.config && JSON.stringify(config) !== JSON.stringify(mesh.config);
  return { mesh: { config: configChanged ? config : mesh.config, services }, delta: { configChanged, hosts } };
}
