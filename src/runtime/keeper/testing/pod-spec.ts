// What the tests of the keeper run: an Envoy whose bootstrap is whole in itself, and a program.
import type { PodSpec } from '../../protocol.ts';

/**
 * Opens the admin socket; with an address also a listener that answers every request with 200, logs it, and appends its
 * path to the records.
 */
export function staticBootstrap(
  adminSocket: string,
  listener?: { readonly address: string; readonly port: number },
): string {
  const http = {
    '@type': 'type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager',
    stat_prefix: 'test',
    access_log: [
      {
        name: 'lines',
        typed_config: { '@type': 'type.googleapis.com/envoy.extensions.access_loggers.stream.v3.StdoutAccessLog' },
      },
      {
        name: 'records',
        typed_config: {
          '@type': 'type.googleapis.com/envoy.extensions.access_loggers.file.v3.FileAccessLog',
          path: 'records.log',
          log_format: { text_format_source: { inline_string: '%REQ(:PATH)%\n' } },
        },
      },
    ],
    route_config: {
      virtual_hosts: [
        { name: 'all', domains: ['*'], routes: [{ match: { prefix: '/' }, direct_response: { status: 200 } }] },
      ],
    },
    http_filters: [
      {
        name: 'router',
        typed_config: { '@type': 'type.googleapis.com/envoy.extensions.filters.http.router.v3.Router' },
      },
    ],
  };
  const listeners = listener && [
    {
      name: 'test',
      address: { socket_address: { address: listener.address, port_value: listener.port } },
      filter_chains: [{ filters: [{ name: 'http', typed_config: http }] }],
    },
  ];
  return JSON.stringify({
    admin: { address: { pipe: { path: adminSocket, mode: 0o600 } } },
    static_resources: listeners ? { listeners } : {},
  });
}

export function podSpec(change: Partial<PodSpec>): PodSpec {
  return {
    uid: 'uid-1',
    workload: 'web',
    hostname: 'web-1',
    command: ['sleep', '600'],
    env: { PATH: '/usr/bin:/bin' },
    cwd: '/',
    user: { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0, groups: [] },
    ports: [],
    bootstrap: '{}',
    envoyArgs: [],
    restartPolicy: 'Always',
    ...change,
  };
}
