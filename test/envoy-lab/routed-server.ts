// One Envoy with routes as a test wants them, one outside server behind it, and requests that tell how they ended: at the
// caller, at the server, in the log.
import type { HttpFilter } from '../../src/envoy/http-filters.ts';
import { type EnvoyProcess, type Scope, startEnvoy } from '../support/envoy-process.ts';
import { type HttpAnswer, httpCall } from '../support/http-client.ts';
import { type OutsideHttp, type OutsideHttpOptions, startOutsideHttp } from '../support/outside-server.ts';
import { builtFilter } from './built.ts';
import { accessLog, httpListener, type Json, loadAssignment, staticCluster, upstreamCodec } from './envoy-json.ts';

export interface RoutedServer {
  readonly envoy: EnvoyProcess;
  readonly outside: OutsideHttp;
  readonly port: number;
  ask(path: string, headers?: Readonly<Record<string, string>>): Promise<Outcome>;
}

export interface Outcome {
  readonly answer: HttpAnswer;
  /** Requests that the server got for it. */
  readonly attempts: number;
  /** Status, response flags, and details. */
  readonly log: string;
  readonly ms: number;
}

export interface RoutedServerOptions {
  /**
   * To cluster `up` unless they say otherwise; `half` has a dead endpoint beside the server, `dead` has nothing else.
   */
  readonly routes: readonly Json[];
  readonly filters?: readonly HttpFilter[];
  readonly upstreamFilters?: readonly HttpFilter[];
  readonly respond?: OutsideHttpOptions['respond'];
  readonly upgrade?: OutsideHttpOptions['upgrade'];
  /** Fields of the connection manager. */
  readonly manager?: Json;
}

export async function startRoutedServer(t: Scope, options: RoutedServerOptions): Promise<RoutedServer> {
  const { routes, filters = [], upstreamFilters = [], respond, upgrade, manager = {} } = options;
  const outside = await startOutsideHttp({
    t,
    ...(respond === undefined ? {} : { respond }),
    ...(upgrade === undefined ? {} : { upgrade }),
  });
  const deadPort = 1;
  const endpoints = [deadPort, outside.port].map((port) => loadAssignment('half', '127.0.0.1', port)['endpoints']);
  const clusters = [
    staticCluster('up', outside.port),
    staticCluster('dead', deadPort),
    { name: 'half', connect_timeout: '1s', load_assignment: { cluster_name: 'half', endpoints: endpoints.flat() } },
  ];
  const listener = httpListener('in', {
    manager: {
      generate_request_id: false,
      access_log: accessLog('%RESPONSE_CODE% %RESPONSE_FLAGS% %RESPONSE_CODE_DETAILS%'),
      route_config: { virtual_hosts: [{ name: 'all', domains: ['*'], include_request_attempt_count: true, routes }] },
      ...manager,
    },
    filters: filters.map(builtFilter),
    router:
      upstreamFilters.length === 0
        ? {}
        : { upstream_http_filters: [...upstreamFilters.map(builtFilter), upstreamCodec] },
  });
  const envoy = await startEnvoy({ t, bootstrap: { static_resources: { clusters, listeners: [listener] } } });
  const port = await envoy.listenerPort('in');
  const ask: RoutedServer['ask'] = async (path, headers = {}) => {
    const before = outside.requests.items.length;
    const started = performance.now();
    const answer = await httpCall({ port, host: 'a.test', path, headers });
    const ms = performance.now() - started;
    return { answer, attempts: outside.requests.items.length - before, log: await envoy.stdout.next(), ms };
  };
  return { envoy, outside, port, ask };
}

/** A route for this path alone; `action` are fields of its action, `fields` of the route. */
export function pathRoute(path: string, action: Json, fields: Json = {}): Json {
  return { match: { path }, route: { cluster: 'up', timeout: '0s', ...action }, ...fields };
}
