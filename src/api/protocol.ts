// What a ServiceEntry port speaks: `ports[].protocol` alone decides, in any case, as Istio's protocol.Parse reads
// it. No protocol means that it is detected ('auto').

export const protocols = [
  'HTTP',
  'HTTPS',
  'HTTP2',
  'GRPC',
  'GRPC-WEB',
  'MONGO',
  'MYSQL',
  'REDIS',
  'TCP',
  'TLS',
  'UDP',
] as const;

export type Protocol = (typeof protocols)[number] | 'auto';

/** Undefined for a word that is no protocol. */
export function parseProtocol(text: string | undefined): Protocol | undefined {
  if (text === undefined || text === '') return 'auto';
  const upper = text.toUpperCase();
  return protocols.find((protocol) => protocol === upper);
}

/** The host is read from the request. */
export function isHttp(protocol: Protocol): boolean {
  return protocol === 'HTTP' || protocol === 'HTTP2' || protocol === 'GRPC' || protocol === 'GRPC-WEB';
}

/** The host is read from the SNI. */
export function isTls(protocol: Protocol): boolean {
  return protocol === 'HTTPS' || protocol === 'TLS';
}

/** Nothing in the traffic names the host: only the address can tell destinations apart. */
export function isOpaqueTcp(protocol: Protocol): boolean {
  return protocol === 'TCP' || protocol === 'MONGO' || protocol === 'MYSQL' || protocol === 'REDIS';
}
