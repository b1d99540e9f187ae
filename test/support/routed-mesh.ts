// Objects for tests of traffic through gateways: an egress and an ingress gateway, and for each way that a VirtualService
// can send a request a host of its own. They are in the namespace `default`, all hosts registered on ports 80 and 443.
import { serviceEntry } from './mesh.ts';
import { gateway, gatewayPort, meshGateway, virtualService } from './networking.ts';

export const routed = {
  /** As `asked`: when it is answered all is in place. */
  probe: 'probe.test',
  /** Through the egress gateway, HTTP and TLS. */
  asked: 'asked.test',
  /** Half to blue and half to green, at the sidecar. */
  near: 'near.test',
  /** The same behind the egress gateway. */
  far: 'far.test',
  /** To the egress gateway, which does not serve it. */
  lost: 'lost.test',
  /** To a service that does not exist; `/fault` is answered 418 by the rule. */
  gone: 'gone.test',
  /** Through the egress gateway, which sends copies to `copy`. */
  copied: 'copied.test',
  copy: 'copy.test',
  blue: 'blue.test',
  green: 'green.test',
} as const;

/** Served by the ingress gateway, from blue. */
export const front = 'front.test';
export const egressHost = 'egress.default.svc.cluster.local';

const gateways = [
  meshGateway('egress', {
    type: 'egress',
    serviceType: 'ClusterIP',
    ports: [gatewayPort('http', 80, 8080), gatewayPort('tls', 443, 8443)],
  }),
  meshGateway('ingress', { type: 'ingress', serviceType: 'LoadBalancer', ports: [gatewayPort('http', 80, 8080)] }),
  gateway('egress', {
    selector: { 'gateway-name': 'egress' },
    servers: [
      { port: { number: 80, name: 'http', protocol: 'HTTP' }, hosts: ['*'] },
      { port: { number: 443, name: 'tls', protocol: 'TLS' }, tls: { mode: 'PASSTHROUGH' }, hosts: [routed.asked] },
    ],
  }),
  gateway('ingress', {
    selector: { 'gateway-name': 'ingress' },
    servers: [{ port: { number: 80, name: 'http', protocol: 'HTTP' }, hosts: [front] }],
  }),
];

const to = (host: string, number = 80) => ({ destination: { host, port: { number } } });
const halves = [routed.blue, routed.green].map((host) => ({ ...to(host), weight: 50 }));
const http = (at: string, route: readonly object[]) => ({ match: [{ gateways: [at], port: 80 }], route });
const tls = (at: string, sni: string, host: string) => ({
  match: [{ gateways: [at], port: 443, sniHosts: [sni] }],
  route: [to(host, 443)],
});

const rules = {
  probe: { http: [http('mesh', [to(egressHost)]), http('egress', [to(routed.probe)])] },
  asked: {
    http: [http('mesh', [to(egressHost)]), http('egress', [to(routed.asked)])],
    tls: [tls('mesh', routed.asked, egressHost), tls('egress', routed.asked, routed.asked)],
  },
  near: { http: [http('mesh', halves)] },
  far: { http: [http('mesh', [to(egressHost)]), http('egress', halves)] },
  copied: {
    http: [
      http('mesh', [to(egressHost)]),
      { ...http('egress', [to(routed.copied)]), mirror: to(routed.copy).destination },
    ],
  },
  lost: { http: [http('mesh', [to(egressHost)])], tls: [tls('mesh', routed.lost, egressHost)] },
  gone: {
    http: [
      {
        match: [{ uri: { exact: '/fault' } }],
        fault: { abort: { httpStatus: 418, percentage: { value: 100 } } },
        route: [to(routed.blue)],
      },
      http('mesh', [{ destination: { host: 'nobody.default.svc.cluster.local' } }]),
    ],
  },
} as const;

export const routedMesh: string = [
  ...gateways,
  ...Object.entries(routed).map(([name, host]) => {
    const ports = [
      { number: 80, name: 'http', protocol: 'HTTP' },
      { number: 443, name: 'tls', protocol: 'TLS' },
    ];
    return serviceEntry(name, { hosts: [host], ports });
  }),
  ...Object.entries(rules).map(([name, spec]) =>
    virtualService(name, { hosts: [`${name}.test`], gateways: ['mesh', 'egress'], ...spec }),
  ),
  virtualService('front', { hosts: [front], gateways: ['ingress'], http: [{ route: [to(routed.blue)] }] }),
].join('');
