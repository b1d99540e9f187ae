// The way of an EgressPolicy through a gateway, as Istio's objects: a Gateway that takes the hosts with mutual TLS, a
// VirtualService for each host from the sidecars to the gateway and from there out, and a DestinationRule for the first leg
// (istio-semantics 10, tasks 3 and 4).
// Invariant: HTTP goes to the gateway's port 80 and TLS to 443, whatever port the program asked for.
import { isWildcardHost } from '../../api/host-name.ts';
import type { EgressPolicy } from '../../api/kinds/egress-policy.ts';
import { gatewayNameLabel, gatewayTypeLabel } from '../../api/kinds/mesh-gateway-validation.ts';
import type { KubeObject } from '../../api/object.ts';
import { isHttp, isTls, type Protocol, parseProtocol } from '../../api/protocol.ts';
import { hashOf } from '../hash.ts';
import { gatewayOf } from './gateway-name.ts';
import { exportOf, networking, partOf } from './part.ts';

/** What the sidecars' connection to the gateway shows as SNI: of a wildcard a name below it. */
function serverNameOf(host: string): string {
  return isWildcardHost(host) ? `any${host.slice(1)}` : host;
}

export function expandGatewayWay(
  policy: EgressPolicy,
  hosts: readonly string[],
  mutualTls: boolean,
): readonly KubeObject[] {
  const gateway = gatewayOf(policy);
  const { ports = [] } = policy.spec;
  const speaks = (is: (protocol: Protocol) => boolean) =>
    ports.find(({ protocol }) => is(parseProtocol(protocol) ?? 'auto'))?.number;
  const [http, tls] = [speaks(isHttp), speaks(isTls)];
  if (gateway === undefined || (http === undefined && tls === undefined)) return [];
  const { name } = policy.metadata;
  const service = `${gateway.name}.${gateway.namespace}.svc.cluster.local`;
  const subset = (index: number) => `${labelOf(name)}-${index}`;
  const leg = (index: number, number: number) => ({
    destination: { host: service, port: { number }, ...(mutualTls ? { subset: subset(index) } : {}) },
  });
  return [
    partOf(policy, networking, 'Gateway', '', {
      selector: { [gatewayNameLabel]: gateway.name, [gatewayTypeLabel]: 'egress' },
      servers: [
        ...(http === undefined ? [] : [httpServer(hosts, mutualTls)]),
        ...(tls === undefined ? [] : tlsServers(hosts, mutualTls)),
      ],
    }),
    ...hosts.map((host, index) =>
      partOf(policy, networking, 'VirtualService', index === 0 ? '' : String(index), {
        hosts: [host],
        gateways: ['mesh', name],
        exportTo: exportOf(policy),
        ...(http === undefined ? {} : { http: httpRules(host, http, name, leg(index, 80)) }),
        ...(tls === undefined ? {} : tlsRules(host, tls, name, leg(index, 443), mutualTls)),
      }),
    ),
    ...(mutualTls ? [firstLeg(policy, service, hosts, subset)] : []),
  ];
}

/** Short and without dots, and no other policy's. */
function labelOf(name: string): string {
  const label = name.replaceAll('.', '-').slice(0, 40);
  return label === name ? name : `${label}-${hashOf(name).toString(16)}`;
}

function httpServer(hosts: readonly string[], mutualTls: boolean) {
  const own = hosts.map((host) => `./${host}`);
  return mutualTls
    ? { port: { number: 80, name: 'https-80', protocol: 'HTTPS' }, hosts: own, tls: { mode: 'ISTIO_MUTUAL' } }
    : { port: { number: 80, name: 'http-80', protocol: 'HTTP' }, hosts: own };
}

/** One for each host: behind mutual TLS its rules are those of `tcp`, which tell no hosts apart. */
function tlsServers(hosts: readonly string[], mutualTls: boolean) {
  const mode = mutualTls ? 'ISTIO_MUTUAL' : 'PASSTHROUGH';
  return hosts.map((host, index) => ({
    port: { number: 443, name: `tls-443-${index}`, protocol: 'TLS' },
    hosts: [`./${host}`],
    tls: { mode },
  }));
}

function httpRules(host: string, port: number, gateway: string, toGateway: object) {
  return [
    { match: [{ gateways: ['mesh'], port }], route: [toGateway] },
    { match: [{ gateways: [gateway], port: 80 }], route: [{ destination: { host, port: { number: port } } }] },
  ];
}

/** Behind a server that ends mutual TLS the bytes are TCP to Istio, and their rules are those of `tcp`. */
function tlsRules(host: string, port: number, gateway: string, toGateway: object, mutualTls: boolean) {
  const out = [{ destination: { host, port: { number: port } } }];
  const mesh = { match: [{ gateways: ['mesh'], port, sniHosts: [host] }], route: [toGateway] };
  return mutualTls
    ? { tls: [mesh], tcp: [{ match: [{ gateways: [gateway], port: 443 }], route: out }] }
    : { tls: [mesh, { match: [{ gateways: [gateway], port: 443, sniHosts: [host] }], route: out }] };
}

function firstLeg(policy: EgressPolicy, service: string, hosts: readonly string[], subset: (index: number) => string) {
  const ports = [80, 443];
  return partOf(policy, networking, 'DestinationRule', 'gateway', {
    host: service,
    exportTo: exportOf(policy),
    subsets: hosts.map((host, index) => ({
      name: subset(index),
      trafficPolicy: {
        portLevelSettings: ports.map((number) => ({
          port: { number },
          tls: { mode: 'ISTIO_MUTUAL', sni: serverNameOf(host) },
        })),
      },
    })),
  });
}
