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
  /** The address that is listened on, all of the pod's where it is undefined; or a Unix socket, which is not served. */
  readonly bind: string | undefined;
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
  /** What is shown to callers: the one that fits their SNI and ciphers. */
  readonly certificates: readonly ServerCertificate[];
  /** Who callers' certificates must be signed by. */
  readonly callerRoots: CallerRoots | undefined;
  readonly subjectAltNames: readonly string[];
  readonly certificateHashes: readonly string[];
  readonly certificateSpki: readonly string[];
  readonly minVersion: TlsVersion | undefined;
  readonly maxVersion: TlsVersion | undefined;
  readonly cipherSuites: readonly string[];
}

/** A Secret in the gateway workload's namespace, or paths on the host. */
export type ServerCertificate =
  | { readonly credentialName: string }
  | { readonly certificate: string; readonly key: string };

export type CallerRoots =
  | { readonly credentialName: string }
  | { readonly file: string; readonly crl: string | undefined };

export type TlsVersion = 'TLSV1_0' | 'TLSV1_1' | 'TLSV1_2' | 'TLSV1_3';

/** `default/egress`: as VirtualServices name it. */
export function gatewayKey({ namespace, name }: Gateway): string {
  return `${namespace}/${name}`;
}

/** `Gateway/default/egress`. */
export function gatewayOrigin({ namespace, name, madeBy }: Gateway): string {
  return madeBy ?? `Gateway/${namespace}/${name}`;
}
