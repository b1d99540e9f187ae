// A gateway's listener as Sallyport builds it, on a free port, with a TLS chain for each server and its routes by RDS.
import type { DownstreamTlsOptions } from '../../src/envoy/downstream-tls.ts';
import { buildDownstreamTls } from '../../src/envoy/downstream-tls.ts';
import { buildGatewayHttpManager } from '../../src/envoy/gateway-http-manager.ts';
import { buildGatewayListener, type GatewayTlsChain } from '../../src/envoy/gateway-listener.ts';
import type { Listener } from '../../src/envoy/gen/envoy/config/listener/v3/listener_pb.js';
import { buildForwardRoute, buildVirtualHost } from '../../src/envoy/route.ts';

export const removedFromCallers = { prefixes: ['x-envoy-'] };

export interface GatewayServer {
  readonly name: string;
  readonly hosts: readonly string[];
  readonly tls?: Partial<DownstreamTlsOptions>;
}

/** Ends TLS with the secret `server.<name>` unless told otherwise. */
export function gatewayListener(port: number, servers: readonly GatewayServer[]): Listener {
  const tlsChains = servers.map(({ name, hosts, tls }): GatewayTlsChain => {
    const options = { certificateSecrets: [`server.${name}`], requireClientCertificate: false, ...tls };
    return { name, serverNames: hosts, filters: [manager(name)], tls: buildDownstreamTls(options) };
  });
  return buildGatewayListener({ name: 'gateway', bind: { port }, tlsChains, accessLog: [] });
}

function manager(name: string) {
  return buildGatewayHttpManager({
    statPrefix: name,
    routeName: name,
    accessLog: [],
    removedHeaders: removedFromCallers,
    filters: [],
    upstreamFilters: [],
  });
}

/** Everything to one cluster. */
export function routesTo(name: string, cluster: string) {
  return { name, virtualHosts: [buildVirtualHost('all', ['*'], [buildForwardRoute({ name: 'all', cluster })])] };
}
