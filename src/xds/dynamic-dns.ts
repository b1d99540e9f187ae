// The cache in which dynamic forward proxy clusters and the filters in front of them keep resolved names. Envoy wants
// the very same settings in both; it is one cache for all wildcard hosts, bounded, so that a caller with endless names
// under a wildcard cannot fill the proxy.
import type { MessageInitShape } from '@bufbuild/protobuf';
import { Cluster_DnsLookupFamily } from '../envoy/gen/envoy/config/cluster/v3/cluster_pb.js';
import type { DnsCacheConfigSchema } from '../envoy/gen/envoy/extensions/common/dynamic_forward_proxy/v3/dns_cache_pb.js';
import { seconds } from '../envoy/values.ts';

export const dynamicDnsCache: MessageInitShape<typeof DnsCacheConfigSchema> = {
  name: 'dynamic_dns',
  dnsLookupFamily: Cluster_DnsLookupFamily.V4_ONLY,
  dnsRefreshRate: seconds(60),
  hostTtl: seconds(300),
  maxHosts: 1024,
  dnsQueryTimeout: seconds(5),
};
