// A connection made straight to the port of a listener that redirected connections arrive at would be sent to itself for
// ever: it ends here (istio-semantics 1.1).
import { buildPortFilterChain, type FilterChain } from '../envoy/listener.ts';
import { buildTcpProxy } from '../envoy/network-filters.ts';
import { blackHoleCluster } from './names.ts';

export function buildLoopGuard(name: string, port: number): FilterChain {
  return buildPortFilterChain(name, port, [
    buildTcpProxy({ statPrefix: blackHoleCluster, cluster: blackHoleCluster, accessLog: [] }),
  ]);
}
