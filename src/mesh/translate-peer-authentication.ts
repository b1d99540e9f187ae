// PeerAuthentication -> the mesh's form of it. Takes a valid object.
import type { PeerAuthentication as ApiPeerAuthentication, PeerMtlsMode } from '../api/kinds/peer-authentication.ts';
import type { MtlsMode, PeerAuthentication } from './peer-authentication.ts';
import { selectorOf } from './selector.ts';

export function translatePeerAuthentication({ metadata, spec = {} }: ApiPeerAuthentication): PeerAuthentication {
  const { name, namespace = 'default', creationTimestamp = '' } = metadata;
  const labels = spec.selector?.matchLabels ?? {};
  return {
    namespace,
    name,
    createdAt: creationTimestamp,
    // As in Istio, a selector without labels is none.
    workloadSelector: Object.keys(labels).length === 0 ? undefined : selectorOf(labels),
    mode: said(spec.mtls?.mode),
    ports: new Map(Object.entries(spec.portLevelMtls ?? {}).map(([port, { mode }]) => [Number(port), said(mode)])),
  };
}

function said(mode: PeerMtlsMode | undefined): MtlsMode | undefined {
  return mode === 'UNSET' ? undefined : mode;
}
