// The typed client of the keeper's API, for the control plane and the CLI.
import { setTimeout as delay } from 'node:timers/promises';
import { z } from 'zod';
import { SallyportError } from '../../platform/errors.ts';
import { requestJson, streamLines, type UnixHttpRequest } from '../../platform/unix-http.ts';
import type {
  Ended,
  ExecPlan,
  KeeperConfig,
  KeeperEvent,
  KeeperStatus,
  LoadBalancerSpec,
  LoadBalancerStatus,
  PodSpec,
  PodStatus,
  SandboxRequest,
  SandboxStatus,
} from '../protocol.ts';
import {
  endedSchema,
  execPlanSchema,
  failureSchema,
  keeperEventSchema,
  keeperStatusSchema,
  loadBalancerNamesSchema,
  loadBalancerStatusSchema,
  podStatusSchema,
  sandboxStatusSchema,
} from './responses.ts';

/** Each throws SallyportError: `SP_NO_SERVER` if no keeper answers, else what the keeper says. */
export interface KeeperClient {
  status(): Promise<KeeperStatus>;
  putConfig(config: KeeperConfig): Promise<void>;
  pods(): Promise<readonly PodStatus[]>;
  ensureSandbox(namespace: string, name: string, request: SandboxRequest): Promise<SandboxStatus>;
  putPod(namespace: string, name: string, spec: PodSpec): Promise<PodStatus>;
  deletePod(namespace: string, name: string): Promise<void>;
  /** Of the load balancers that the keeper has. */
  loadBalancers(): Promise<readonly { readonly namespace: string; readonly name: string }[]>;
  putLoadBalancer(namespace: string, name: string, spec: LoadBalancerSpec): Promise<LoadBalancerStatus>;
  deleteLoadBalancer(namespace: string, name: string): Promise<void>;
  /** Undefined if no such program runs. */
  execPlan(namespace: string, name: string): Promise<ExecPlan | undefined>;
  /**
   * Every pod as it is now, then each change, until the signal aborts. Goes on after a keeper's death: then every
   * pod again, and `gone` for those that the next keeper does not have.
   */
  events(signal: AbortSignal): AsyncIterable<KeeperEvent>;
  /** Ends everything the keeper keeps, and the keeper. */
  shutdown(): Promise<Ended>;
}

/** A pod's end takes some seconds, and they may queue. */
const patienceMs = 120_000;
const statusMs = 5_000;
const reconnectMs = 200;

export function createKeeperClient(socketPath: string): KeeperClient {
  async function ask<T>(schema: z.ZodType<T>, request: Omit<UnixHttpRequest, 'socketPath'>): Promise<T> {
    const { status, body } = await requestJson({ socketPath, timeoutMs: patienceMs, ...request });
    if (status < 300) return schema.parse(body);
    const failure = failureSchema.safeParse(body).data;
    const { code = 'SP_REQUEST_FAILED', message = `the keeper answered ${status}`, hint } = failure ?? {};
    throw new SallyportError(code, message, hint === undefined ? {} : { hint });
  }

  async function* events(signal: AbortSignal): AsyncGenerator<KeeperEvent, void, undefined> {
    const known = new Map<string, KeeperEvent>();
    while (!signal.aborted) {
      try {
        const present = new Set((await ask(z.array(podStatusSchema), { path: '/v1/pods', signal })).map(podPath));
        for (const [path, gone] of known) if (!present.has(path) && known.delete(path)) yield gone;
        for await (const line of streamLines({ socketPath, path: '/v1/events', signal })) {
          const event = keeperEventSchema.parse(JSON.parse(line));
          if (event.type === 'gone') known.delete(podPath(event));
          else known.set(podPath(event.pod), { type: 'gone', namespace: event.pod.namespace, name: event.pod.name });
          yield event;
        }
      } catch (error) {
        if (!signal.aborted && !(error instanceof SallyportError)) throw error;
      }
      await delay(reconnectMs, undefined, { signal }).catch(() => undefined);
    }
  }

  return {
    status: () => ask(keeperStatusSchema, { path: '/v1/status', timeoutMs: statusMs }),
    putConfig: (config) => ask(z.undefined(), { method: 'PUT', path: '/v1/config', body: config }),
    pods: () => ask(z.array(podStatusSchema), { path: '/v1/pods' }),
    ensureSandbox: (namespace, name, request) =>
      ask(sandboxStatusSchema, { method: 'PUT', path: `${podPath({ namespace, name })}/sandbox`, body: request }),
    putPod: (namespace, name, spec) =>
      ask(podStatusSchema, { method: 'PUT', path: podPath({ namespace, name }), body: spec }),
    deletePod: (namespace, name) => ask(z.undefined(), { method: 'DELETE', path: podPath({ namespace, name }) }),
    loadBalancers: () => ask(loadBalancerNamesSchema, { path: '/v1/loadbalancers' }),
    putLoadBalancer: (namespace, name, spec) =>
      ask(loadBalancerStatusSchema, { method: 'PUT', path: loadBalancerPath(namespace, name), body: spec }),
    deleteLoadBalancer: (namespace, name) =>
      ask(z.undefined(), { method: 'DELETE', path: loadBalancerPath(namespace, name) }),
    async execPlan(namespace, name) {
      try {
        return await ask(execPlanSchema, { path: `${podPath({ namespace, name })}/exec` });
      } catch (error) {
        if (error instanceof SallyportError && error.code === 'SP_NOT_RUNNING') return undefined;
        throw error;
      }
    },
    events,
    shutdown: () => ask(endedSchema, { method: 'POST', path: '/v1/shutdown' }),
  };
}

function loadBalancerPath(namespace: string, name: string): string {
  return `/v1/loadbalancers/${encodeURIComponent(namespace)}/${encodeURIComponent(name)}`;
}

function podPath({ namespace, name }: { readonly namespace: string; readonly name: string }): string {
  return `/v1/pods/${encodeURIComponent(namespace)}/${encodeURIComponent(name)}`;
}
