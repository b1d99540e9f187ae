// discovery.k8s.io/v1 EndpointSlice: addresses behind the Service that its label names, where that Service selects no pods.
import { isIP } from 'node:net';
import { z } from 'zod';
import { problem } from '../finding.ts';
import type { Immutable } from '../immutable.ts';
import type { Finding, Kind } from '../kind.ts';
import { metadataSchema } from '../metadata.ts';
import { notActedOn } from '../not-acted-on.ts';
import { passed, passedFields } from '../schema-parts.ts';
import { endpointPort } from './endpoints.ts';
import { checkGivenAddress } from './given-address.ts';

const serviceNameLabel = 'kubernetes.io/service-name';

const endpoint = z.strictObject({
  addresses: z.array(z.string()).min(1).max(100),
  conditions: z
    .strictObject({
      ready: z.boolean().exactOptional(),
      serving: z.boolean().exactOptional(),
      terminating: z.boolean().exactOptional(),
    })
    .exactOptional(),
  zone: z.string().exactOptional(),
  ...passedFields(['hostname', 'nodeName', 'targetRef', 'hints', 'deprecatedTopology']),
});

const schema = z.strictObject({
  apiVersion: z.string(),
  kind: z.string(),
  metadata: metadataSchema,
  addressType: z.enum(['IPv4', 'IPv6', 'FQDN']),
  endpoints: z.array(endpoint).max(1000).exactOptional(),
  ports: z
    .array(endpointPort.partial({ port: true }))
    .max(100)
    .exactOptional(),
  status: passed,
});

export type EndpointSlice = Immutable<z.infer<typeof schema>>;

export const endpointSliceKind: Kind<EndpointSlice> = {
  group: 'discovery.k8s.io',
  versions: ['v1'],
  kind: 'EndpointSlice',
  plural: 'endpointslices',
  singular: 'endpointslice',
  shortNames: [],
  namespaced: true,
  schema,
  validate: (slice) => [...validateEndpointSlice(slice)],
  withDefaults: (slice) => slice,
  columns: [
    { title: 'ADDRESSTYPE', value: ({ addressType }) => addressType },
    { title: 'PORTS', value: ({ ports = [] }) => ports.map(({ port }) => port ?? '*').join(',') || '<unset>' },
    {
      title: 'ENDPOINTS',
      value: ({ endpoints = [] }) => endpoints.flatMap(({ addresses }) => addresses).join(',') || '<unset>',
    },
  ],
};

/** The Service that it is for; undefined: none. */
export function serviceNameOf({ metadata: { labels } }: Pick<EndpointSlice, 'metadata'>): string | undefined {
  return labels?.[serviceNameLabel] || undefined;
}

function* validateEndpointSlice(slice: EndpointSlice): Iterable<Finding> {
  if (serviceNameOf(slice) === undefined) {
    const path = ['metadata', 'labels', serviceNameLabel];
    yield problem('SP0506', path, 'the slice belongs to no Service', `write ${serviceNameLabel}: <name of a Service>`);
  }
  if (slice.addressType === 'FQDN') {
    yield notActedOn('addressType FQDN', ['addressType']);
    return;
  }
  for (const [index, { addresses }] of (slice.endpoints ?? []).entries()) {
    for (const [position, address] of addresses.entries()) {
      const path = ['endpoints', index, 'addresses', position];
      for (const finding of checkGivenAddress(address)) yield { ...finding, path };
      const family = isIP(address);
      if (family === 0 || slice.addressType === `IPv${family}`) continue;
      const hint = 'put addresses of each family into a slice of their own';
      yield problem('SP0505', path, `${address} is not of the slice's addressType ${slice.addressType}`, hint);
    }
  }
}
