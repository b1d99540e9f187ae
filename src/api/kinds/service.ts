// core/v1 Service: a name and an address inside the mesh for the pods its selector matches.
import { isIP } from 'node:net';
import { z } from 'zod';
import { dnsLabelForm, isDnsLabel } from '../dns-name.ts';
import { type FieldPath, problem } from '../finding.ts';
import { isWildcardHost, normalizeHost } from '../host-name.ts';
import type { Immutable } from '../immutable.ts';
import type { Finding, Kind } from '../kind.ts';
import { labelMap, metadataSchema } from '../metadata.ts';
import type { KubeObject } from '../object.ts';
import { shorten } from '../schema-messages.ts';
import { passed, passedFields, portNumber, portNumberOrName } from '../schema-parts.ts';
import { allocatedAddresses } from './allocated-addresses.ts';

/** Where Services get their ClusterIPs from; no packet to one leaves a workload. */
export const clusterIpRange = '10.96.0.0/16';

export const servicePortSchema = z.strictObject({
  name: z.string().exactOptional(),
  port: portNumber,
  targetPort: portNumberOrName.exactOptional(),
  protocol: z.enum(['TCP', 'UDP', 'SCTP']).exactOptional(),
  appProtocol: z.string().exactOptional(),
  nodePort: passed,
});

const spec = z.strictObject({
  type: z.enum(['ClusterIP', 'NodePort', 'LoadBalancer', 'ExternalName']).exactOptional(),
  selector: labelMap.exactOptional(),
  ports: z.array(servicePortSchema).exactOptional(),
  clusterIP: z.string().exactOptional(),
  clusterIPs: z.array(z.string()).exactOptional(),
  externalName: z.string().exactOptional(),
  externalIPs: z.array(z.string()).exactOptional(),
  ...passedFields([
    'allocateLoadBalancerNodePorts',
    'externalTrafficPolicy',
    'healthCheckNodePort',
    'internalTrafficPolicy',
    'ipFamilies',
    'ipFamilyPolicy',
    'loadBalancerClass',
    'loadBalancerIP',
    'loadBalancerSourceRanges',
    'publishNotReadyAddresses',
    'sessionAffinity',
    'sessionAffinityConfig',
    'trafficDistribution',
  ]),
});

const ingress = z.looseObject({
  ip: z.string().exactOptional(),
  hostname: z.string().exactOptional(),
  ports: z.array(z.looseObject({ port: portNumber })).exactOptional(),
});

const schema = z.strictObject({
  apiVersion: z.string(),
  kind: z.string(),
  metadata: metadataSchema,
  spec,
  status: z
    .looseObject({
      loadBalancer: z.looseObject({ ingress: z.array(ingress).exactOptional() }).exactOptional(),
      addresses: allocatedAddresses.exactOptional(),
    })
    .exactOptional(),
});

export type Service = Immutable<z.infer<typeof schema>>;
export type ServicePort = Immutable<z.infer<typeof servicePortSchema>>;

export const serviceKind: Kind<Service> = {
  group: '',
  versions: ['v1'],
  kind: 'Service',
  plural: 'services',
  singular: 'service',
  shortNames: ['svc'],
  namespaced: true,
  schema,
  validate: (service) => [
    ...checkServiceName(service),
    ...checkPortNames(service.spec.ports ?? [], ['spec', 'ports']),
    ...checkExternalName(service),
  ],
  withDefaults(service) {
    const ports = service.spec.ports?.map((given) => ({ protocol: 'TCP' as const, targetPort: given.port, ...given }));
    const filled = ports === undefined ? {} : { ports };
    return { ...service, spec: { type: 'ClusterIP', ...service.spec, ...filled } };
  },
  columns: [
    { title: 'TYPE', value: ({ spec: { type } }) => type ?? 'ClusterIP' },
    { title: 'CLUSTER-IP', value: ({ spec: { clusterIP } }) => clusterIP || '<none>' },
    { title: 'EXTERNAL-IP', value: externalAddress },
    { title: 'PORT(S)', value: portList },
    {
      title: 'SELECTOR',
      wide: true,
      value: ({ spec: { selector } }) =>
        Object.entries(selector ?? {})
          .map(([key, value]) => `${key}=${value}`)
          .join(',') || '<none>',
    },
  ],
};

function* checkExternalName({ spec: { type, externalName } }: Service): Iterable<Finding> {
  if (type !== 'ExternalName') return;
  const path = ['spec', 'externalName'];
  const hint = 'write the DNS name that the Service stands for';
  if (externalName === undefined || externalName === '') {
    yield problem('SP0507', path, 'a Service of type ExternalName needs an externalName', hint);
    return;
  }
  const host = normalizeHost(externalName);
  if (host !== undefined && isIP(host) !== 0) {
    const instead = 'register the address with a ServiceEntry, or with an EndpointSlice of a Service without selector';
    yield problem('SP0507', path, `externalName ${host} is an address, not a DNS name`, instead);
  } else if (host === undefined || isWildcardHost(externalName)) {
    yield problem('SP0507', path, `externalName '${shorten(externalName)}' is not a DNS name`, hint);
  }
}

/** A Service's name is one label of its DNS name; so is that of an object which makes a Service of its own name. */
export function* checkServiceName({ metadata: { name } }: Pick<KubeObject, 'metadata'>): Iterable<Finding> {
  if (isDnsLabel(name)) return;
  yield problem('SP0201', ['metadata', 'name'], `'${name}' is not a name of a Service`, dnsLabelForm);
}

/** `at`: where the list stands in its object. */
export function* checkPortNames(ports: readonly { readonly name?: string }[], at: FieldPath): Iterable<Finding> {
  const names = new Set<string>();
  for (const [index, { name }] of ports.entries()) {
    const path = [...at, index, 'name'];
    if (name === undefined && ports.length > 1) {
      yield problem('SP0314', path, 'a Service with several ports needs a name for each', 'name the port');
    } else if (name !== undefined && !isDnsLabel(name)) {
      yield problem('SP0314', path, `invalid port name: ${name}`, dnsLabelForm);
    } else if (name !== undefined && names.has(name)) {
      yield problem('SP0313', path, `port name "${name}" already defined`, 'give each port a name of its own');
    }
    if (name !== undefined) names.add(name);
  }
}

/** `80:10080/TCP`: a load balancer that may not listen on the port listens on another, in kubectl's form for node ports. */
function portList({ spec: { ports = [] }, status }: Service): string {
  const served = status?.loadBalancer?.ingress?.[0]?.ports ?? [];
  const texts = ports.map(({ port, protocol = 'TCP' }, index) => {
    const at = served[index]?.port ?? port;
    return `${port}${at === port ? '' : `:${at}`}/${protocol}`;
  });
  return texts.join(',') || '<none>';
}

function externalAddress({ spec, status }: Service): string {
  if (spec.type === 'ExternalName') return spec.externalName ?? '<none>';
  const given = (status?.loadBalancer?.ingress ?? []).map(({ ip, hostname }) => ip ?? hostname ?? '');
  const addresses = [...given, ...(spec.externalIPs ?? [])].filter((address) => address !== '');
  if (addresses.length > 0) return addresses.join(',');
  return spec.type === 'LoadBalancer' ? '<pending>' : '<none>';
}
