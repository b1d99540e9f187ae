// The settings that the proxies of a scope get: the mesh's, with what a Sidecar says in their place.
// Invariant: where nothing says otherwise they are the mesh's very object, so that identity tells them apart.
import type { MeshConfig } from './mesh-config.ts';
import type { Sidecar } from './sidecar.ts';
import type { Destination } from './virtual-service.ts';

export interface ProxySettings extends MeshConfig {
  /** Where traffic goes that nobody registered, in place of the address that the caller connected to. */
  readonly egressProxy?: Destination;
}

/** Istio: a Sidecar's policy replaces the mesh's as a whole. */
export function proxySettingsOf(config: MeshConfig, sidecar: Sidecar | undefined): ProxySettings {
  const policy = sidecar?.outboundTrafficPolicy;
  if (policy === undefined) return config;
  const { mode, egressProxy } = policy;
  return {
    ...config,
    outboundTrafficPolicy: mode,
    ...(egressProxy === undefined || mode !== 'ALLOW_ANY' ? {} : { egressProxy }),
  };
}
