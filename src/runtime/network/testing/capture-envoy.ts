// The real Envoy in a sandbox, with the smallest bootstrap that passes captured TCP on to where it was going, and DNS to
// the sandbox's server.
import { chownSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { findEnvoy } from '../../envoy-supply/find-envoy.ts';
import { becomesReady } from '../../keeper/envoy-admin.ts';
import { envoyCommand } from '../../launch/envoy-command.ts';
import { type Scope, type Started, start } from '../../launch/testing/started.ts';
import type { Sandbox } from '../addresses.ts';
import { dnsRelayPort, inboundPort, outboundPort } from '../proxy-rules.ts';
import type { TestMesh } from './test-mesh.ts';

export const proxyUid = 61_999;

/** Resolves when its listeners serve. `dnsPort` is that of the DNS server at the sandbox's host address. */
export async function startCaptureEnvoy(
  scope: Scope,
  mesh: TestMesh,
  sandbox: Sandbox,
  dnsPort: number,
): Promise<Started> {
  const xdsPath = join(mesh.runPath, 'x', String(sandbox.index));
  mkdirSync(xdsPath, { recursive: true, mode: 0o700 });
  chownSync(xdsPath, proxyUid, proxyUid);
  const bootstrapFile = join(xdsPath, 'bootstrap.json');
  writeFileSync(bootstrapFile, JSON.stringify(bootstrap(sandbox, xdsPath, dnsPort)), { mode: 0o644 });
  const workFolder = join(mesh.dataPath, 'work', String(sandbox.index));
  mkdirSync(workFolder, { recursive: true, mode: 0o700 });
  chownSync(workFolder, proxyUid, proxyUid);
  const command = envoyCommand({
    sandbox,
    envoyPath: (await findEnvoy()).path,
    args: ['--config-path', bootstrapFile, '--disable-hot-restart', '--concurrency', '1', '--log-level', 'error'],
    proxyUid,
    xdsPath,
    workFolder,
    hiddenPaths: [mesh.dataPath, '/run/sallyport'],
  });
  const started = start(command, scope);
  const stop = new AbortController();
  void started.exit.then(() => stop.abort());
  if (!(await becomesReady(join(xdsPath, 'admin.sock'), stop.signal))) throw new Error(started.output());
  return started;
}

function bootstrap({ relayIP, hostIP }: Sandbox, xdsPath: string, dnsPort: number): unknown {
  return {
    admin: { address: { pipe: { path: join(xdsPath, 'admin.sock'), mode: 0o600 } } },
    static_resources: {
      clusters: [
        { name: 'original', type: 'ORIGINAL_DST', lb_policy: 'CLUSTER_PROVIDED', connect_timeout: '2s' },
        {
          name: 'dns',
          type: 'STATIC',
          load_assignment: {
            cluster_name: 'dns',
            endpoints: [{ lb_endpoints: [{ endpoint: { address: socketAddress('TCP', hostIP, dnsPort) } }] }],
          },
        },
      ],
      listeners: [
        tcpListener('0.0.0.0', outboundPort, 'original'),
        tcpListener('0.0.0.0', inboundPort, 'original'),
        tcpListener(relayIP, dnsRelayPort, 'dns'),
        udpListener(relayIP),
      ],
    },
  };
}

function tcpListener(address: string, port: number, cluster: string): unknown {
  const type = 'type.googleapis.com/envoy.extensions';
  const tcpProxy = {
    '@type': `${type}.filters.network.tcp_proxy.v3.TcpProxy`,
    stat_prefix: cluster,
    cluster,
  };
  const original = { '@type': `${type}.filters.listener.original_dst.v3.OriginalDst` };
  return {
    name: `${cluster}-${port}`,
    address: socketAddress('TCP', address, port),
    listener_filters: cluster === 'original' ? [{ name: 'original_dst', typed_config: original }] : [],
    filter_chains: [{ filters: [{ name: 'tcp_proxy', typed_config: tcpProxy }] }],
  };
}

function udpListener(address: string): unknown {
  const type = 'type.googleapis.com/envoy.extensions.filters.udp.udp_proxy.v3';
  const route = { name: 'route', typed_config: { '@type': `${type}.Route`, cluster: 'dns' } };
  const matcher = { on_no_match: { action: route } };
  const proxy = { '@type': `${type}.UdpProxyConfig`, stat_prefix: 'dns', matcher };
  return {
    name: 'dns-udp',
    address: socketAddress('UDP', address, dnsRelayPort),
    udp_listener_config: {},
    listener_filters: [{ name: 'udp_proxy', typed_config: proxy }],
  };
}

function socketAddress(protocol: 'TCP' | 'UDP', address: string, port: number): unknown {
  return { socket_address: { protocol, address, port_value: port } };
}
