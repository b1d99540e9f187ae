// A small mesh for tests of the intake: what its names mean, and its proxies.
import type { ProxyIdentity } from '../../../discovery/view.ts';
import type { Destination, Protocol } from '../../traffic.ts';
import type { Registered, Registry } from '../registry.ts';

export function proxyOf(name: string, namespace = 'default'): ProxyIdentity {
  const nodeId = `sidecar~10.0.0.1~${name}.${namespace}~${namespace}.svc.cluster.local`;
  const labels = { app: 'web' };
  return { namespace, name, workload: `${name}-workload`, serviceAccount: 'web', labels, type: 'sidecar', nodeId };
}

/**
 * `good.test` on 80 (HTTP), 443 (TLS) and 9000 (TCP), and `rebind.test` on 80, all of ServiceEntries; `egress.mesh`, a
 * gateway's Service on the same ports; `mock.mesh` on 80, a Service that is none.
 */
export const testRegistry: Registry = {
  host: (_namespace, host, port) => registered(host, port),
  asked: (_asker, host, port) => {
    const found = registered(host, port);
    return found === undefined ? {} : { registered: found };
  },
  locality: (_namespace, _host, address) => (address === '10.1.0.1' ? 'eu/eu-1/a' : undefined),
  workloadAt: (address) =>
    address === '10.0.0.9'
      ? { namespace: 'default', workload: 'caller', serviceAccount: 'caller', labels: {} }
      : undefined,
  policy: () => ({ mode: 'REGISTRY_ONLY', object: 'Istio/istio-system/mesh' }),
  trustDomain: () => 'cluster.local',
};

const protocols: ReadonlyMap<number, Protocol> = new Map([
  [80, 'http'],
  [443, 'tls'],
  [9000, 'tcp'],
]);

function registered(host: string, port: number): Registered | undefined {
  const protocol = protocols.get(port);
  if (host.endsWith('.mesh') && protocol !== undefined) {
    const name = host.slice(0, host.indexOf('.'));
    const destination: Destination = { kind: 'service', host, port, namespace: 'default', name };
    return { destination, protocol, ...(name === 'egress' ? { gateway: 'default/egress' } : {}) };
  }
  if (protocol === undefined || (host !== 'good.test' && !(host === 'rebind.test' && port === 80))) return undefined;
  const name = host.slice(0, host.indexOf('.'));
  const destination: Destination = {
    kind: 'external',
    host,
    port,
    serviceEntry: `default/${name}`,
    namespace: 'default',
    name: host,
  };
  return { destination, object: `ServiceEntry/default/${name}`, protocol };
}
