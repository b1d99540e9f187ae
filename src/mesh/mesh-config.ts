// The mesh-wide settings, from the one Istio object `istio-system/mesh`. Without it Istio's defaults hold.
import { allowBypassAnnotation, allowedRangesAnnotation, crossNamespaceAnnotation } from '../api/annotations.ts';
import { type Istio, istioKind } from '../api/kinds/istio.ts';
import { type IstioRanges, istioRanges } from '../api/kinds/istio-ranges.ts';
import { defaultTrustDomain } from '../api/spiffe.ts';
import type { MtlsMode } from './peer-authentication.ts';

export type OutboundTrafficPolicy = 'ALLOW_ANY' | 'REGISTRY_ONLY';

export interface MeshConfig {
  readonly outboundTrafficPolicy: OutboundTrafficPolicy;
  /** Whether the mesh's object says so itself, or it is the default. */
  readonly policyDeclared: boolean;
  /** Empty: no access log. */
  readonly accessLogFile: string;
  /** Empty: Istio's default text format. */
  readonly accessLogFormat: string;
  /** Private, loopback or link-local CIDRs that names may resolve to all the same. */
  readonly allowedRanges: readonly string[];
  /** Destinations that are redirected; `include` is undefined for all. Everything else goes around the proxies. */
  readonly capturedRanges: IstioRanges;
  /** Whether pods may have ranges of their own. */
  readonly podsMayBypass: boolean;
  /** Of workloads' identities. */
  readonly trustDomain: string;
  /** What workloads take of which no PeerAuthentication speaks. */
  readonly mtlsMode: MtlsMode;
  /** Whether proxies speak mTLS to those that take it, where no DestinationRule says how to speak to them. */
  readonly autoMtls: boolean;
  /** Whether objects of one namespace may take hosts from another, as in Istio (tenancy.ts). */
  readonly crossNamespace: 'owners' | 'istio';
}

export const meshConfigKey = {
  group: 'istio.banzaicloud.io',
  kind: 'Istio',
  namespace: 'istio-system',
  name: 'mesh',
} as const;

export const defaultMeshConfig: MeshConfig = {
  outboundTrafficPolicy: 'ALLOW_ANY',
  policyDeclared: false,
  accessLogFile: '/dev/stdout',
  accessLogFormat: '',
  allowedRanges: [],
  capturedRanges: { exclude: [] },
  podsMayBypass: false,
  trustDomain: defaultTrustDomain,
  mtlsMode: 'PERMISSIVE',
  autoMtls: true,
  crossNamespace: 'owners',
};

/** Takes the object as it was written; defaults are filled here. */
export function translateMeshConfig(written: Istio): MeshConfig {
  const istio = istioKind.withDefaults(written);
  const { outboundTrafficPolicy, proxy, meshPolicy } = istio.spec;
  const ranges = istio.metadata.annotations?.[allowedRangesAnnotation] ?? '';
  return {
    // An unknown word cannot come here; were it to, the closed policy is the safe one.
    outboundTrafficPolicy:
      outboundTrafficPolicy?.mode === 'ALLOW_ANY' || outboundTrafficPolicy?.mode === undefined
        ? 'ALLOW_ANY'
        : 'REGISTRY_ONLY',
    policyDeclared: written.spec.outboundTrafficPolicy?.mode !== undefined,
    accessLogFile: proxy?.accessLogFile ?? defaultMeshConfig.accessLogFile,
    accessLogFormat: proxy?.accessLogFormat ?? '',
    allowedRanges: ranges
      .split(',')
      .map((range) => range.trim())
      .filter((range) => range !== ''),
    capturedRanges: istioRanges(istio.spec),
    podsMayBypass: istio.metadata.annotations?.[allowBypassAnnotation] === 'true',
    trustDomain: istio.spec.trustDomain || defaultTrustDomain,
    mtlsMode: meshPolicy?.mtlsMode === 'DISABLED' ? 'DISABLE' : (meshPolicy?.mtlsMode ?? defaultMeshConfig.mtlsMode),
    autoMtls: istio.spec.autoMtls ?? defaultMeshConfig.autoMtls,
    crossNamespace: istio.metadata.annotations?.[crossNamespaceAnnotation] === 'istio' ? 'istio' : 'owners',
  };
}
