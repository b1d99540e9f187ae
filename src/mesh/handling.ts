// The way Envoy handles a port outbound, decided by its protocol (istio-semantics 1.2).
import { isHttp, isOpaqueTcp, isTls, type Protocol } from '../api/protocol.ts';

/**
 * `http` by Host, `tls` by SNI, `tcp` by address, `auto` sniffed into http or tcp, `none` not at all (UDP has no road
 * out of a workload).
 */
export type Handling = 'http' | 'tls' | 'tcp' | 'auto' | 'none';

export function handlingOf(protocol: Protocol): Handling {
  if (isHttp(protocol)) return 'http';
  if (isTls(protocol)) return 'tls';
  if (isOpaqueTcp(protocol)) return 'tcp';
  return protocol === 'auto' ? 'auto' : 'none';
}

/** Whether the upstream is spoken to in HTTP/2 without TLS. */
export function isHttp2(protocol: Protocol): boolean {
  return protocol === 'HTTP2' || protocol === 'GRPC' || protocol === 'GRPC-WEB';
}
