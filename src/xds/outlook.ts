// How the sidecars of a scope look at the mesh: with which settings, and at what of it. Follows their Sidecar.
// Invariant: what did not change is the same object, so that a change of one Sidecar costs only those that have it.
import { type HostImports, hostImportsOf } from '../mesh/host-imports.ts';
import type { Mesh } from '../mesh/mesh.ts';
import type { MeshConfig } from '../mesh/mesh-config.ts';
import { type ProxySettings, proxySettingsOf } from '../mesh/proxy-settings.ts';
import { selectSidecar } from '../mesh/select-sidecar.ts';
import type { Sidecar } from '../mesh/sidecar.ts';
import type { ProxyScope } from './proxy-scope.ts';

export interface Outlook {
  readonly settings: ProxySettings;
  readonly imports: HostImports;
  readonly madeOf: { readonly config: MeshConfig; readonly sidecar: Sidecar | undefined };
}

export function outlookOf({ config, sidecars }: Mesh, scope: ProxyScope, before?: Outlook): Outlook {
  const sidecar = selectSidecar(sidecars, scope);
  const same = before?.madeOf.sidecar === sidecar;
  if (before !== undefined && same && before.madeOf.config === config) return before;
  const settings = proxySettingsOf(config, sidecar);
  const kept = before !== undefined && JSON.stringify(before.settings) === JSON.stringify(settings);
  return {
    settings: kept ? before.settings : settings,
    imports: before !== undefined && same ? before.imports : hostImportsOf(sidecar, scope.namespace),
    madeOf: { config, sidecar },
  };
}
