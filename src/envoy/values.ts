// Small values that most Envoy messages need: durations, wrapped numbers, addresses, address ranges.
import { create, type MessageInitShape } from '@bufbuild/protobuf';
import { type Duration, DurationSchema } from '@bufbuild/protobuf/wkt';
import { type Address, AddressSchema, SocketAddress_Protocol } from './gen/envoy/config/core/v3/address_pb.js';
import { ApiVersion, type ConfigSourceSchema } from './gen/envoy/config/core/v3/config_source_pb.js';
import { FractionalPercent_DenominatorType, type FractionalPercentSchema } from './gen/envoy/type/v3/percent_pb.js';

export interface SocketPlace {
  readonly address: string;
  readonly port: number;
}

export function seconds(value: number): Duration {
  const whole = Math.trunc(value);
  return create(DurationSchema, { seconds: BigInt(whole), nanos: Math.round((value - whole) * 1e9) });
}

export function socketAddress(address: string, port: number, protocol: 'tcp' | 'udp' = 'tcp'): Address {
  return create(AddressSchema, {
    address: {
      case: 'socketAddress',
      value: {
        address,
        protocol: protocol === 'udp' ? SocketAddress_Protocol.UDP : SocketAddress_Protocol.TCP,
        portSpecifier: { case: 'portValue', value: port },
      },
    },
  });
}

export function pipeAddress(path: string): Address {
  return create(AddressSchema, { address: { case: 'pipe', value: { path } } });
}

/** Of a hundred, down to a ten-thousandth of one: 0.1 is one in a thousand. */
export function fractionalPercent(percent: number): MessageInitShape<typeof FractionalPercentSchema> {
  return { numerator: Math.round(percent * 10_000), denominator: FractionalPercent_DenominatorType.MILLION };
}

/** `10.0.0.0/8`, or a single address. */
export function cidrRange(range: string): { readonly addressPrefix: string; readonly prefixLen: number } {
  const slash = range.indexOf('/');
  const addressPrefix = slash < 0 ? range : range.slice(0, slash);
  const prefixLen = slash < 0 ? (range.includes(':') ? 128 : 32) : Number(range.slice(slash + 1));
  return { addressPrefix, prefixLen };
}

/**
 * A resource that comes over the same ADS stream. The short fetch timeout bounds how long a listener or cluster
 * stays unready when an answer is lost; Envoy's own is 15 s.
 */
export const adsConfigSource: MessageInitShape<typeof ConfigSourceSchema> = {
  resourceApiVersion: ApiVersion.V3,
  configSourceSpecifier: { case: 'ads', value: {} },
  initialFetchTimeout: seconds(1),
};
