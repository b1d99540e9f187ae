// What a port speaks, and which of Envoy's ways that means. Follows Istio's protocol.Parse: a ServiceEntry's
// protocol comes from `ports[].protocol` alone; an empty one is 'auto' and is sniffed.

export type Protocol =
  | 'HTTP'
  | 'HTTP2'
  | 'GRPC'
  | 'GRPC-WEB'
  | 'HTTPS'
  | 'TLS'
  | 'TCP'
  | 'MONGO'
  | 'REDIS'
  | 'MYSQL'
  | 'UDP'
  | 'auto';

const known: ReadonlySet<string> = new Set<Protocol>([
  'HTTP',
  'HTTP2',
  'GRPC',
  'GRPC-WEB',
  'HTTPS',
  'TLS',
  'TCP',
  'MONGO',
  'REDIS',
  'MYSQL',
  'UDP',
]);

function isProtocol(text: string): text is Protocol {
  return known.has(text);
}

/** Validation has refused unknown words before; what is left unknown is sniffed. */
export function parseProtocol(text: string | undefined): Protocol {
  const upper = (text ?? '').toUpperCase();
  return isProtocol(upper) ? upper : 'auto';
}

/**
 * The way a port is handled outbound: `http` by Host, `tls` by SNI, `tcp` by address, `auto` sniffed into http
 * or tcp, `none` not at all (UDP).
 */
export type Handling = 'http' | 'tls' | 'tcp' | 'auto' | 'none';

export function handlingOf(protocol: Protocol): Handling {
  switch (protocol) {
    case 'HTTP':
    case 'HTTP2':
    case 'GRPC':
    case 'GRPC-WEB':
      return 'http';
    case 'HTTPS':
    case 'TLS':
      return 'tls';
    case 'TCP':
    case 'MONGO':
    case 'REDIS':
    case 'MYSQL':
      return 'tcp';
    case 'UDP':
      return 'none';
    case 'auto':
      return 'auto';
  }
}

/** Whether the upstream speaks HTTP/2 in clear text. */
export function isHttp2(protocol: Protocol): boolean {
  return protocol === 'HTTP2' || protocol === 'GRPC' || protocol === 'GRPC-WEB';
}
