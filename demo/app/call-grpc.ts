// Calls over gRPC: one channel for each target, kept. Through a proxy they go by CONNECT, which grpc-js does itself.
import { Client, credentials, type ServiceError, status } from '@grpc/grpc-js';
import type { Environment } from '../program/environment.ts';
import { callTimeoutMs } from '../program/http-client.ts';
import { tunnelProxy } from '../program/proxy.ts';
import { decodeText } from './grpc-method.ts';
import type { Target } from './requests.ts';

const clients = new Map<string, Client>();

/** `OK (3 ms)`, or the name of the status and its details. */
export async function callGrpc(target: Target, env: Environment): Promise<string> {
  const started = performance.now();
  const failure = await new Promise<ServiceError | null>((resolve) => {
    const deadline = Date.now() + callTimeoutMs;
    clientOf(target, env).makeUnaryRequest(
      target.url.pathname,
      (empty: Buffer) => empty,
      decodeText,
      Buffer.alloc(0),
      { deadline },
      resolve,
    );
  });
  const result = failure === null ? 'OK' : `${status[failure.code] ?? failure.code}: ${failure.details}`;
  return `${result} (${Math.round(performance.now() - started)} ms)`;
}

function clientOf({ host, port }: Target, env: Environment): Client {
  const address = `${host}:${port}`;
  const known = clients.get(address);
  if (known !== undefined) return known;
  const proxy = tunnelProxy(env, host, port);
  // The only way to tell grpc-js.
  if (proxy !== undefined) process.env['grpc_proxy'] = proxy.href;
  const client = new Client(address, credentials.createInsecure(), {
    'grpc.enable_http_proxy': proxy === undefined ? 0 : 1,
    // A service that starts after its callers, as in a demo, is found soon.
    'grpc.initial_reconnect_backoff_ms': 100,
    'grpc.max_reconnect_backoff_ms': 1000,
    'grpc.service_config_disable_resolution': 1,
  });
  clients.set(address, client);
  return client;
}
