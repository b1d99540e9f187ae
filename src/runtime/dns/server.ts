// stub
import type { KeeperConfig } from '../protocol.ts';

export interface DnsServerOptions {
  /** The mesh's /16, for stand-in addresses (network/port-routes.ts). */
  readonly cidr: string;
  /** Nameservers to ask instead of the host's. */
  readonly upstream?: readonly { readonly address: string; readonly port: number }[];
  readonly signal?: AbortSignal;
}

/** The pod that asks at an address; it decides which mesh names are seen. */
export interface DnsClient {
  readonly namespace: string;
  /** Answered with podIP, so that a program finds its own name. */
  readonly hostname: string;
  readonly podIP: string;
}

export interface DnsServer {
  /** UDP and TCP on the same port; 0 takes a free one. Resolves to the port. */
  listen(address: string, port: number, client: DnsClient): Promise<number>;
  /** Stops listening on that address. */
  unlisten(address: string): Promise<void>;
  /** Replaces records and rules; the next query sees them. */
  setConfig(config: KeeperConfig): void;
  close(): Promise<void>;
}

export declare function createDnsServer(options: DnsServerOptions): DnsServer;
