// How the proxies of a scope look at the mesh: with which settings, and at what of it. Follows their Sidecar, Telemetries and
// PeerAuthentications.
// Invariant: what did not change is the same object, so that a change of one Sidecar costs only those that have it.
import { isDeepStrictEqual } from 'node:util';
import { authorizationOf } from '../mesh/authorization.ts';
import { type HostImports, hostImportsOf } from '../mesh/host-imports.ts';
import type { Mesh, MeshDelta } from '../mesh/mesh.ts';
import { type PeerMtls, peerAuthenticationOrigin } from '../mesh/peer-authentication.ts';
import { type ProxySettings, proxySettingsOf, withAuthorization } from '../mesh/proxy-settings.ts';
import { selectPeerAuthentications, selectPeerMtls } from '../mesh/select-peer-mtls.ts';
import { selectSidecar } from '../mesh/select-sidecar.ts';
import { selectTelemetries } from '../mesh/select-telemetry.ts';
import type { Sidecar } from '../mesh/sidecar.ts';
import type { ProxyScope } from './proxy-scope.ts';

export interface Outlook {
  readonly settings: ProxySettings;
  /** The same without AuthorizationPolicies: what hosts depend on. */
  readonly unjudged: ProxySettings;
  readonly imports: HostImports;
  readonly sidecar: Sidecar | undefined;
  readonly peers: PeerOutlook;
}

/** What callers may speak to the proxies, and the objects that say so. */
export interface PeerOutlook extends PeerMtls {
  readonly origins: readonly string[];
}

/** Whose outlook it is, and on what. */
export interface Onlooker {
  readonly mesh: Mesh;
  readonly scope: ProxyScope;
  /** Gateways have no Sidecar. */
  readonly proxy: 'sidecar' | 'router';
}

export function outlookOf({ mesh, scope, proxy }: Onlooker, before?: Outlook): Outlook {
  const sidecar = proxy === 'sidecar' ? selectSidecar(mesh.sidecars, scope) : undefined;
  const unjudged = kept(
    before?.unjudged,
    proxySettingsOf(mesh.config, sidecar, selectTelemetries(mesh.telemetries, scope)),
  );
  const authorization = authorizationOf(mesh.authorizationPolicies, scope, proxy);
  return {
    unjudged,
    settings: kept(before?.settings, withAuthorization(unjudged, authorization)),
    imports:
      before?.sidecar === sidecar && before !== undefined ? before.imports : hostImportsOf(sidecar, scope.namespace),
    sidecar,
    peers: peersOf({ mesh, scope }, before?.peers),
  };
}

function peersOf({ mesh, scope }: Pick<Onlooker, 'mesh' | 'scope'>, before: PeerOutlook | undefined): PeerOutlook {
  const { peerAuthentications } = mesh;
  const origins = selectPeerAuthentications(peerAuthentications, scope).map(peerAuthenticationOrigin);
  return kept(before, { ...selectPeerMtls(peerAuthentications, scope), origins });
}

function kept<T>(before: T | undefined, after: T): T {
  return before !== undefined && isDeepStrictEqual(before, after) ? before : after;
}

/** The same one, if the change cannot concern it. */
export function nextOutlook(before: Outlook, delta: MeshDelta, onlooker: Onlooker): Outlook {
  const { configChanged, sidecarsChanged, telemetriesChanged, peerAuthenticationsChanged, authorizationChanged } =
    delta;
  const concerned =
    configChanged || sidecarsChanged || telemetriesChanged || peerAuthenticationsChanged || authorizationChanged;
  return concerned ? outlookOf(onlooker, before) : before;
}
