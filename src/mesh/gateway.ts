// A Gateway as the mesh knows it (istio-semantics 5): which gateway workloads it configures, and what they are to serve.
import type { Protocol } from '../api/protocol.ts';
import type { Origin } from './origin.ts';
import type { LabelSelector } from './selector.ts';

export interface Gateway extends Origin {
  /** Undefined: all gateway workloads. */
  readonly selector: LabelSelector | undefined;
  readonly servers: readonly GatewayServer[];
}

export interface GatewayServer {
  readonly name: string;
  readonly port: { readonly number: number; readonly name: string; readonly protocol: Protocol };
  readonly hosts: readonly ServerHost[];
  /** Asks HTTP callers to come by HTTPS. */
  readonly httpsRedirect: boolean;
  readonly tls: ServerTls | undefined;
}

export interface ServerHost {
  /** Whose VirtualServices may bind; undefined: everyone's. */
  readonly namespace: string | undefined;
  readonly host: string;
}

export interface ServerTls {
  readonly mode: 'PASSTHROUGH' | 'SIMPLE' | 'MUTUAL' | 'OPTIONAL_MUTUAL' | 'ISTIO_MUTUAL' | 'AUTO_PASSTHROUGH';
  /** A Secret in the gateway workload's namespace. */
  readonly credentialName: string | undefined;
  /** Paths on the host. */
  readonly serverCertificate: string | undefined;
  readonly privateKey: string | undefined;
  readonly caCertificates: string | undefined;
  readonly subjectAltNames: readonly string[];
  readonly certificateHashes: readonly string[];
  readonly certificateSpki: readonly string[];
  readonly minVersion: TlsVersion | undefined;
  readonly maxVersion: TlsVersion | undefined;
  readonly cipherSuites: readonly string[];
}

export type TlsVersion = 'TLSV1_0' | 'TLSV1_1' | 'TLSV1_2' | 'TLSV1_3';

/** `default/egress`: as VirtualServices name it. */
export function gatewayKey({ namespace, name }: Gateway): string {
  return `${namespace}/${name}`;
}

/** `Gateway/default/egress`. */
export function gatewayOrigin({ namespace, name }: Gateway): string {
  return `Gateway/${namespace}/${name}`;
}
