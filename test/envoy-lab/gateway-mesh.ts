// A gateway's listener as Sallyport builds it, on a free port, with a TLS chain for each server and its routes by RDS.
import { create } from '@bufbuild/protobuf';
import type { AccessLog } from '../../src/envoy/access-log.ts';
import { buildDownstreamTls, type DownstreamTlsOptions } from '../../src/envoy/downstream-tls.ts';
import { buildGatewayHttpManager } from '../../src/envoy/gateway-http-manager.ts';
import { buildGatewayListener, type GatewayTlsChain } from '../../src/envoy/gateway-listener.ts';
import type { Listener } from '../../src/envoy/gen/envoy/config/listener/v3/listener_pb.js';
import { RouteConfigurationSchema } from '../../src/envoy/gen/envoy/config/route/v3/route_pb.js';
import type { NetworkFilter } from '../../src/envoy/network-filters.ts';
import { buildForwardRoute, buildVirtualHost } from '../../src/envoy/route.ts';
import type { XdsResource } from '../support/xds-script.ts';
import { resourceOf } from './secret-mesh.ts';

export const removedFromCallers = { prefixes: ['x-envoy-'] };

export interface GatewayServer {
  readonly name: string;
  readonly hosts: readonly string[];
  readonly tls?: Partial<DownstreamTlsOptions>;
}

/** Ends TLS with the secret `server.<name>` unless told otherwise. */
export function gatewayListener(
  place: number | 'internal',
  servers: readonly GatewayServer[],
  accessLog: readonly AccessLog[] = [],
): Listener {
  const tlsChains = servers.map(({ name, hosts, tls }): GatewayTlsChain => {
    const options = { certificateSecrets: [`server.${name}`], requireClientCertificate: false, ...tls };
    return { name, serverNames: hosts, filters: [manager(name, accessLog)], tls: buildDownstreamTls(options) };
  });
  const bind = place === 'internal' ? place : { port: place };
  return buildGatewayListener({ name: 'gateway', bind, tlsChains, accessLog: [] });
}

export function manager(name: string, accessLog: readonly AccessLog[] = []): NetworkFilter {
  return buildGatewayHttpManager({
    statPrefix: name,
    routeName: name,
    accessLog,
    removedHeaders: removedFromCallers,
    filters: [],
    upstreamFilters: [],
  });
}

/** Everything to one cluster. */
export function routesTo(name: string, cluster: string): XdsResource {
  const virtualHosts = [buildVirtualHost('all', ['*'], [buildForwardRoute({ name: 'all', cluster })])];
  return resourceOf(RouteConfigurationSchema, name, create(RouteConfigurationSchema, { name, virtualHosts }));
}
