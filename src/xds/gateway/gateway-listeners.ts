// The listener of one port of a gateway: HTTP and TCP as they come, TLS that is ended here or passed on by its SNI
// (istio-semantics 5). There is no chain for what nobody serves: it is closed.
import { typeUrls } from '../../discovery/view.ts';
import { buildCorsFilter } from '../../envoy/cors.ts';
import { buildDownstreamTls } from '../../envoy/downstream-tls.ts';
import { buildFaultFilter } from '../../envoy/fault.ts';
import { buildGatewayHttpManager } from '../../envoy/gateway-http-manager.ts';
import { buildGatewayListener } from '../../envoy/gateway-listener.ts';
import { ListenerSchema } from '../../envoy/gen/envoy/config/listener/v3/listener_pb.js';
import { buildGrpcMessagesFilter } from '../../envoy/grpc-messages.ts';
import { buildDynamicForwardProxyFilters, whereRoutesAsk } from '../../envoy/http-filters.ts';
import type { NetworkFilter } from '../../envoy/network-filters.ts';
import { buildRouteMarkFilter } from '../../envoy/route-mark.ts';
import type { CallerRoots, ServerCertificate, ServerTls } from '../../mesh/gateway.ts';
import { rankAtGateway } from '../../mesh/ownership.ts';
import { exactHostGuard } from '../address-policy.ts';
import { authorizeRequests } from '../authorization/filters.ts';
import { inboundSide } from '../authorization/sides.ts';
import { dynamicDnsCache } from '../dynamic-dns.ts';
import { buildRequestFilter } from '../egress-policy/request-filter.ts';
import { buildMutualServerTls, mutualTlsSecrets } from '../mutual-tls.ts';
import { listenerName } from '../names.ts';
import { type TypedResource, typedResource } from '../resource.ts';
import { certificateFileSecret, credentialCertificate, credentialRoots, rootFileSecret } from '../secret-names.ts';
import { outboundHttpLogs, refusedByGatewayLogs } from '../traffic-logs.ts';
import { buildUpstreamFilters } from '../upstream-filters.ts';
import { type ClaimedChain, claimedChain, withoutTaken } from './claimed-chains.ts';
import { endsHttps, httpRouteName, httpsRouteName } from './gateway-routes.ts';
import { buildInnerListener, hasInnerListener, innerFilters } from './inner-listener.ts';
import { anyAddress, type MergedPort, type PlacedServer } from './merge-servers.ts';
import {
  askedAt,
  buildPassedChains,
  firstTcpRoute,
  type GatewayListenerContext,
  judgingCallers,
  passedOn,
} from './passed-chains.ts';

/** Empty where nothing is served: Envoy takes no listener without a chain. */
export function buildGatewayPort(port: MergedPort, context: GatewayListenerContext): readonly TypedResource[] {
  // Where sockets are the bootstrap's they are on the pod's address, which would be more than was asked for.
  if (context.capture === 'proxy' && port.bind !== anyAddress) return [];
  const secrets: string[] = [];
  const inner = port.tls.filter(hasInnerListener).flatMap((placed) => buildInnerListener(placed, context));
  const tlsChains = withoutTaken(port.tls.flatMap((placed) => buildTlsChains(placed, secrets, context)));
  const plainChain = buildPlainChain(port, context);
  if (tlsChains.length === 0 && plainChain === undefined) return [];
  const name = listenerName(port.bind, port.bindPort);
  const servers = [...port.http, ...port.tls, ...(port.tcp === undefined ? [] : [port.tcp])];
  const [first] = servers;
  const { settings, proxies } = context;
  const message = buildGatewayListener({
    name,
    bind: context.capture === 'proxy' ? 'internal' : { address: port.bind, port: port.bindPort },
    tlsChains: tlsChains.map((chain) => judgingCallers(chain, proxies)),
    plainChain: plainChain === undefined ? undefined : judgingCallers(plainChain, proxies),
    accessLog: first === undefined ? [] : refusedByGatewayLogs(settings, askedAt(first.server.port.number), proxies),
  });
  const origins = [...new Set(servers.map(({ origin }) => origin)), ...(settings.origins ?? [])];
  return [...inner, typedResource(typeUrls.listener, ListenerSchema, name, message, origins, secrets)];
}

function buildPlainChain(port: MergedPort, context: GatewayListenerContext) {
  const {
    http: [http],
    tcp,
    bind,
    bindPort,
  } = port;
  if (http !== undefined) {
    const routes = httpRouteName(http);
    return {
      name: listenerName(bind, bindPort),
      filters: [buildHttpManager(routes, http.server.port.number, context)],
    };
  }
  const { route } = (tcp === undefined ? undefined : firstTcpRoute(tcp, context)) ?? {};
  if (tcp === undefined || route === undefined) return undefined;
  return { name: route.name, filters: passedOn(route, tcp, context) };
}

function buildTlsChains(
  placed: PlacedServer,
  secrets: string[],
  context: GatewayListenerContext,
): readonly ClaimedChain[] {
  const { server } = placed;
  const { tls } = server;
  if (tls === undefined || tls.mode === 'AUTO_PASSTHROUGH') return [];
  if (tls.mode === 'PASSTHROUGH') return buildPassedChains(placed, context);
  const filters = filtersBehindTls(placed, context);
  if (filters === undefined) return [];
  const [own = ''] = placed.gateway.split('/');
  const names = server.hosts.map(({ host }) => host);
  const chain = { name: httpsRouteName(placed), filters, tls: buildServerTls(placed, tls, secrets, context) };
  return claimedChain(chain, names, (host) => rankAtGateway(context.mesh, own, host, placed, context.scope));
}

/** HTTPS is read; of other protocols the bytes are passed on by a VirtualService's tcp rules. */
function filtersBehindTls(placed: PlacedServer, context: GatewayListenerContext): readonly NetworkFilter[] | undefined {
  if (endsHttps(placed)) {
    return [buildHttpManager(httpsRouteName(placed), placed.server.port.number, context)];
  }
  if (hasInnerListener(placed)) return innerFilters(placed);
  const { route } = firstTcpRoute(placed, context) ?? {};
  return route === undefined ? undefined : passedOn(route, placed, context);
}

function buildServerTls(
  { server }: PlacedServer,
  tls: ServerTls,
  secrets: string[],
  { settings }: GatewayListenerContext,
) {
  const asked = {
    subjectAltNames: tls.subjectAltNames,
    pins: { spki: tls.certificateSpki, hashes: tls.certificateHashes },
    minVersion: tls.minVersion,
    maxVersion: tls.maxVersion,
    ciphers: tls.cipherSuites,
  };
  if (tls.mode === 'ISTIO_MUTUAL') {
    secrets.push(...mutualTlsSecrets);
    return buildMutualServerTls(settings, asked);
  }
  const certificateSecrets = [...new Set(tls.certificates.map(certificateSecretOf))];
  const validation = tls.mode === 'SIMPLE' ? undefined : rootsSecretOf(tls.callerRoots);
  secrets.push(...certificateSecrets, ...(validation === undefined ? [] : [validation]));
  return buildDownstreamTls({
    ...asked,
    certificateSecrets,
    validationSecret: validation,
    requireClientCertificate: tls.mode === 'MUTUAL',
    alpn: server.port.protocol === 'HTTPS' ? ['h2', 'http/1.1'] : [],
  });
}

function certificateSecretOf(one: ServerCertificate): string {
  return 'certificate' in one
    ? certificateFileSecret(one.certificate, one.key)
    : credentialCertificate(one.credentialName);
}

/** Where no roots are named there are none, and nobody is let in. */
function rootsSecretOf(roots: CallerRoots | undefined): string {
  if (roots === undefined) return rootFileSecret('');
  return 'file' in roots ? rootFileSecret(roots.file, roots.crl) : credentialRoots(roots.credentialName);
}

function buildHttpManager(
  routeName: string,
  port: number,
  { settings, capture, bindPort }: GatewayListenerContext,
): NetworkFilter {
  const side = inboundSide(settings, { reads: 'requests', port: bindPort, capture });
  const { filters, refusal } = authorizeRequests(side);
  return buildGatewayHttpManager({
    statPrefix: `outbound_0.0.0.0_${port};`,
    routeName,
    accessLog: outboundHttpLogs(settings, { destination: askedAt(port), proxy: 'gateway', refusal }),
    removedHeaders: { prefixes: ['x-envoy-'] },
    filters: [
      buildRouteMarkFilter(),
      ...filters,
      buildRequestFilter(),
      buildGrpcMessagesFilter(),
      ...whereRoutesAsk([
        buildCorsFilter(),
        buildFaultFilter(),
        ...buildDynamicForwardProxyFilters(dynamicDnsCache, port),
      ]),
    ],
    upstreamFilters: buildUpstreamFilters(exactHostGuard(settings.allowedRanges, capture)),
  });
}
