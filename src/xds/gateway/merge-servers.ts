// The servers of all Gateways that choose one gateway workload, put together by the port that they are bound to
// (istio-semantics 5; model/gateway.go MergeGateways). Pure. Where two contradict the older one stands.
import { isHttp, isTls } from '../../api/protocol.ts';
import { type Gateway, type GatewayServer, gatewayKey, gatewayOrigin } from '../../mesh/gateway.ts';
import { compareText } from '../../mesh/origin.ts';

/** A server with the Gateway that it stands in. */
export interface PlacedServer {
  /** `default/egress`: as VirtualServices name its Gateway. */
  readonly gateway: string;
  readonly origin: string;
  readonly server: GatewayServer;
}

/** Of a server that names none. */
export const anyAddress = '0.0.0.0';

export interface MergedPort {
  /** The address. */
  readonly bind: string;
  /** That the proxy listens on. */
  readonly bindPort: number;
  /** HTTP without TLS; they share one RouteConfiguration. */
  readonly http: readonly PlacedServer[];
  /** TCP without TLS; the first one alone is served. */
  readonly tcp: PlacedServer | undefined;
  /** With TLS, ended here or passed on; no host stands in two. */
  readonly tls: readonly PlacedServer[];
}

interface Mutable extends MergedPort {
  readonly http: PlacedServer[];
  tcp: PlacedServer | undefined;
  readonly tls: PlacedServer[];
}

export interface MergeOptions {
  /** From the port that a Gateway names to the one that is listened on. */
  readonly bindPortOf: (port: number) => number;
  /** Under proxy capture there are no identities, and both ends of ISTIO_MUTUAL speak without TLS. */
  readonly mutual: boolean;
}

/** `gateways` oldest first. */
export function mergeServers(
  gateways: readonly Gateway[],
  { bindPortOf, mutual }: MergeOptions,
): readonly MergedPort[] {
  const ports = new Map<string, Mutable>();
  for (const gateway of gateways) {
    for (const server of gateway.servers) {
      const { bind = anyAddress } = server;
      // Nobody could reach one in the pod's own file system.
      if (bind.startsWith('unix:')) continue;
      const bindPort = bindPortOf(server.port.number);
      const key = `${bindPort} ${bind}`;
      const port: Mutable = ports.get(key) ?? { bind, bindPort, http: [], tcp: undefined, tls: [] };
      ports.set(key, port);
      const placed = { gateway: gatewayKey(gateway), origin: gatewayOrigin(gateway), server };
      if (speaksTls(server) && (mutual || server.tls?.mode !== 'ISTIO_MUTUAL')) {
        const plain = port.http.length > 0 || port.tcp !== undefined;
        if ((!plain || standsBesidePlain(server)) && !port.tls.some((other) => sharesHost(other.server, server)))
          port.tls.push(placed);
      } else if (isHttp(server.port.protocol) || server.port.protocol === 'HTTPS') {
        if (port.tcp === undefined) port.http.push(placed);
      } else if (port.http.length === 0) port.tcp ??= placed;
    }
  }
  return [...ports.values()].sort((a, b) => a.bindPort - b.bindPort || compareText(a.bind, b.bind));
}

/**
 * Istio: a server with TLS is left out where one without came first; here: one for the mesh's own mTLS is not, so that what leads
 * through a gateway does not depend on who was there before.
 */
export function standsBesidePlain({ tls }: GatewayServer): boolean {
  return tls?.mode === 'ISTIO_MUTUAL';
}

export function speaksTls({ port, tls }: GatewayServer): boolean {
  return isTls(port.protocol) && tls !== undefined;
}

function sharesHost(a: GatewayServer, b: GatewayServer): boolean {
  return a.hosts.some(({ host }) => b.hosts.some((other) => other.host === host));
}
