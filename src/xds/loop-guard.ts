// A connection made straight to the port of a listener that redirected connections arrive at would be sent to itself for
// ever: it ends here (istio-semantics 1.1).
import { buildFilterChain, buildPortFilterChain, type FilterChain } from '../envoy/listener.ts';
import { buildTcpProxy } from '../envoy/network-filters.ts';
import { blackHoleCluster } from './names.ts';

/** `port`: where no matcher of the listener chooses the chain by its name. */
export function buildLoopGuard(name: string, port?: number): FilterChain {
  const filters = [buildTcpProxy({ statPrefix: blackHoleCluster, cluster: blackHoleCluster, accessLog: [] })];
  return port === undefined ? buildFilterChain(name, filters) : buildPortFilterChain(name, port, filters);
}
