// The ports of an EgressPolicy, with what is not written: 80 and 443 say by their numbers what they speak.
import { isHttp, parseProtocol } from '../protocol.ts';
import type { EgressPolicyPort, EgressPolicySpec } from './egress-policy-schema.ts';

const byNumber: ReadonlyMap<number, string> = new Map([
  [80, 'HTTP'],
  [443, 'TLS'],
]);

/** Undefined: neither the port nor its number says. */
export function protocolOfPort({ number, protocol }: EgressPolicyPort): string | undefined {
  return protocol ?? byNumber.get(number);
}

/** Whether requests are to be read there, so that methods and paths can be judged. */
export function isReadPort(port: EgressPolicyPort): boolean {
  return isHttp(parseProtocol(protocolOfPort(port)) ?? 'auto');
}

/**
 * Where TLS is originated programs ask in plain HTTP, on 80; the same where methods or paths are to be judged. Else 80 and
 * 443.
 */
export function portsOfPolicy({ ports, tls, methods, paths }: EgressPolicySpec): readonly EgressPolicyPort[] {
  if (ports !== undefined && ports.length > 0) {
    return ports.map((port) => {
      const protocol = protocolOfPort(port);
      return protocol === undefined ? port : { ...port, protocol };
    });
  }
  const http = { number: 80, protocol: 'HTTP' };
  return tls !== undefined || methods !== undefined || paths !== undefined
    ? [http]
    : [http, { number: 443, protocol: 'TLS' }];
}
