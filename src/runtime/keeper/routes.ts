// The keeper's requests, from HTTP to its pods and load balancers: the table of protocol.ts. A path's parts are checked
// names.
import type { Ended, KeeperConfig, KeeperStatus } from '../protocol.ts';
import type { LoadBalancers } from './load-balancers.ts';
import type { Pods } from './pods.ts';
import {
  badRequest,
  keeperConfigSchema,
  loadBalancerSpecSchema,
  parsePodKey,
  parseRequest,
  podSpecSchema,
  sandboxRequestSchema,
} from './requests.ts';

export interface RouteDeps {
  readonly pods: Pods;
  readonly loadBalancers: LoadBalancers;
  status(): KeeperStatus;
  setConfig(config: KeeperConfig): Promise<void>;
  /** Ends everything; the keeper exits when the answer is sent. */
  shutdown(): Promise<Ended>;
}

/** The answer as JSON; undefined for one without a body. Throws SallyportError for what cannot be done. */
export async function route(deps: RouteDeps, method: string, path: string, body: unknown): Promise<unknown> {
  const [version, collection, namespace, name, part, ...rest] = path.split('/').slice(1).map(decodeURIComponent);
  if (version !== 'v1' || rest.length > 0) throw unknown(method, path);
  if (namespace === undefined) return wholeRoute(deps, `${method} ${collection}`, body);
  if (name === undefined) throw unknown(method, path);
  const key = parsePodKey(namespace, name);
  switch (`${method} ${collection} ${part ?? ''}`.trim()) {
    case 'PUT pods sandbox':
      return deps.pods.putSandbox(key, parseRequest(sandboxRequestSchema, body));
    case 'PUT pods':
      return deps.pods.putPod(key, parseRequest(podSpecSchema, body));
    case 'DELETE pods':
      return deps.pods.remove(key);
    case 'GET pods exec':
      return deps.pods.execPlan(key);
    case 'PUT loadbalancers':
      return deps.loadBalancers.put(key, parseRequest(loadBalancerSpecSchema, body));
    case 'DELETE loadbalancers':
      return deps.loadBalancers.remove(key);
    default:
      throw unknown(method, path);
  }
}

async function wholeRoute(deps: RouteDeps, request: string, body: unknown): Promise<unknown> {
  switch (request) {
    case 'GET status':
      return deps.status();
    case 'GET pods':
      return deps.pods.list();
    case 'GET loadbalancers':
      return deps.loadBalancers.list();
    case 'PUT config':
      return deps.setConfig(parseRequest(keeperConfigSchema, body));
    case 'POST shutdown':
      return deps.shutdown();
    default:
      throw badRequest(`no such request: ${request}`);
  }
}

function unknown(method: string, path: string): Error {
  return badRequest(`no such request: ${method} ${path}`);
}
