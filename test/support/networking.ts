// Objects of Istio's networking API and of its operator, and Secrets, as the YAML that `apply` takes: a test names what it is about and nothing else.
import type { Certificate } from './tls-fixtures.ts';

interface Metadata {
  readonly namespace?: string;
  readonly annotations?: Readonly<Record<string, string>>;
}

type Spec = Readonly<Record<string, unknown>>;

function networking(kind: string, name: string, spec: Spec, metadata: Metadata): string {
  return document({ apiVersion: 'networking.istio.io/v1', kind, metadata: { name, ...metadata }, spec });
}

function document(object: Spec): string {
  return `${JSON.stringify(object)}\n---\n`;
}

export function virtualService(name: string, spec: Spec, metadata: Metadata = {}): string {
  return networking('VirtualService', name, spec, metadata);
}

export function destinationRule(name: string, spec: Spec, metadata: Metadata = {}): string {
  return networking('DestinationRule', name, spec, metadata);
}

export function gateway(name: string, spec: Spec, metadata: Metadata = {}): string {
  return networking('Gateway', name, spec, metadata);
}

export function sidecar(name: string, spec: Spec, metadata: Metadata = {}): string {
  return networking('Sidecar', name, spec, metadata);
}

export function telemetry(name: string, spec: Spec, metadata: Metadata = {}): string {
  return document({ apiVersion: 'telemetry.istio.io/v1', kind: 'Telemetry', metadata: { name, ...metadata }, spec });
}

export function peerAuthentication(name: string, spec: Spec, metadata: Metadata = {}): string {
  return security('PeerAuthentication', name, spec, metadata);
}

export function authorizationPolicy(name: string, spec: Spec, metadata: Metadata = {}): string {
  return security('AuthorizationPolicy', name, spec, metadata);
}

function security(kind: string, name: string, spec: Spec, metadata: Metadata): string {
  return document({ apiVersion: 'security.istio.io/v1', kind, metadata: { name, ...metadata }, spec });
}

export function egressPolicy(name: string, spec: Spec, metadata: Metadata = {}): string {
  const apiVersion = 'egress.sallyport.dev/v1alpha1';
  return document({ apiVersion, kind: 'EgressPolicy', metadata: { name, ...metadata }, spec });
}

/** Of the root certificate alone where there is no certificate. */
export function tlsSecret(
  name: string,
  { cert, key, root, crl }: Partial<Certificate> & { readonly root?: string; readonly crl?: string },
  metadata: Metadata = {},
): string {
  const entries = Object.entries({ 'tls.crt': cert, 'tls.key': key, 'ca.crt': root, 'ca.crl': crl });
  const stringData = Object.fromEntries(entries.filter(([, value]) => value !== undefined));
  return document({ apiVersion: 'v1', kind: 'Secret', metadata: { name, ...metadata }, stringData });
}

export function meshGateway(name: string, spec: Spec, metadata: Metadata = {}): string {
  const apiVersion = 'istio.banzaicloud.io/v1beta1';
  return document({ apiVersion, kind: 'MeshGateway', metadata: { name, ...metadata }, spec });
}

/** Of a MeshGateway. */
export function gatewayPort(name: string, port: number, targetPort: number): object {
  return { name, port, protocol: 'TCP', targetPort };
}

export function outboundPolicy(mode: 'ALLOW_ANY' | 'REGISTRY_ONLY'): string {
  return document({
    apiVersion: 'istio.banzaicloud.io/v1beta1',
    kind: 'Istio',
    metadata: { name: 'mesh', namespace: 'istio-system' },
    spec: { version: '1.4.9', outboundTrafficPolicy: { mode } },
  });
}
