// Where names may point (contract line 17). Loopback, link-local and mapped addresses are refused for every name,
// private ones for wildcard names as well: whoever answers DNS for a wildcard is not who wrote the entry.
import type { AddressGuard } from '../envoy/upstream-address-guard.ts';
import type { Capture } from './capture.ts';

/** Never a place outside: this host, loopback, link-local (cloud metadata), multicast and reserved. */
export const nonExternalRanges: readonly string[] = [
  '0.0.0.0/8',
  '127.0.0.0/8',
  '169.254.0.0/16',
  '224.0.0.0/3',
  // IPv6: unspecified, loopback, IPv4-mapped and NAT64 are all in ::/8; Teredo, 6to4, link-local, multicast.
  '::/8',
  '2001::/32',
  '2002::/16',
  'fe80::/9',
  'ff00::/8',
];

/** Inside somebody's network: RFC 1918, carrier NAT, benchmarking, unique local. */
const privateRanges: readonly string[] = [
  '10.0.0.0/8',
  '100.64.0.0/10',
  '172.16.0.0/12',
  '192.168.0.0/16',
  '198.18.0.0/15',
  'fc00::/7',
];

/**
 * Each range is asked for every request. Where connections are redirected the proxy has a namespace of its own, without
 * IPv6, in which netfilter refuses all of `nonExternalRanges`: asked here are those that a caller should be told of.
 */
const redirectedRanges: readonly string[] = ['127.0.0.0/8', '169.254.0.0/16'];

/** For exact hosts, whose address the author of the entry may well mean to be private. */
export function exactHostGuard(allowedRanges: readonly string[], capture: Capture['kind'] = 'proxy'): AddressGuard {
  const ranges = capture === 'redirect' ? redirectedRanges : nonExternalRanges;
  return { name: 'address-not-external', action: 'deny', ranges, except: allowedRanges };
}

/** The port is the registered one: Envoy would dial whatever port the caller's Host header names. */
export function wildcardHostGuard(allowedRanges: readonly string[], port: number): AddressGuard {
  return {
    name: 'address-private',
    action: 'deny',
    ranges: [...nonExternalRanges, ...privateRanges],
    except: allowedRanges,
    port,
  };
}

/** For original-destination clusters with addresses: those, and nothing else the caller may have connected to. */
export function listedAddressesGuard(addresses: readonly string[]): AddressGuard {
  return { name: 'address-listed', action: 'only', ranges: addresses };
}
