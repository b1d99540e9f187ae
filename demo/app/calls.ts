// Makes one call of REQUESTS by its protocol and says in one line what became of it. gRPC is loaded with its first call.
import type { Environment } from '../program/environment.ts';
import { createHttpClient, describeOutcome } from '../program/http-client.ts';
import { callTcp } from './call-tcp.ts';
import type { Target } from './requests.ts';

/** Never rejects: a failure is a line as well. */
export type CallTarget = (target: Target) => Promise<string>;

export function createCalls(env: Environment): CallTarget {
  const http = createHttpClient(env);
  return async (target) => {
    if (target.protocol === 'tcp') return `${target.text} -> ${await callTcp(target, env)}`;
    if (target.protocol === 'grpc') {
      const { callGrpc } = await import('./call-grpc.ts');
      return `${target.text} -> ${await callGrpc(target, env)}`;
    }
    return `GET ${target.text} -> ${describeOutcome(await http.call({ url: target.url }))}`;
  };
}
