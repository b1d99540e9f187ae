// What may be sent to the keeper, checked before it is used: the shapes of protocol.ts. The keeper may be root and
// makes paths out of names, so names are Kubernetes names and nothing else.
import { isAbsolute } from 'node:path';
import { z } from 'zod';
import { SallyportError } from '../../platform/errors.ts';
import type { KeeperConfig, LoadBalancerSpec, PodSpec, SandboxRequest } from '../protocol.ts';

const absolutePath = z.string().refine(isAbsolute, 'must be an absolute path');
const id = z.int().nonnegative();
const port = z.int().min(1).max(65_535);
/** What a process can be given: the kernel ends a string at a NUL. */
const text = z.string().refine((value) => !value.includes('\0'), 'must not contain NUL');

const ranges = z.array(z.string());

/** A name that is one DNS label (namespaces) or several (pods). */
const label = /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/;
const subdomain = /^[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?$/;

export const sandboxRequestSchema: z.ZodType<SandboxRequest> = z
  .strictObject({
    uid: z.string(),
    type: z.enum(['sidecar', 'router', 'host']).exactOptional(),
    address: z.ipv4().exactOptional(),
    allowRanges: z.array(z.string()).exactOptional(),
    capturedRanges: z
      .strictObject({ include: ranges.exactOptional(), exclude: ranges.exactOptional() })
      .exactOptional(),
  })
  .readonly();

export const podSpecSchema: z.ZodType<PodSpec> = z
  .strictObject({
    uid: z.string(),
    workload: z.string(),
    hostname: z.string().regex(subdomain),
    command: z.array(text),
    env: z.record(z.string().regex(/^[^=\0]+$/), text),
    cwd: absolutePath,
    user: z.strictObject({ uid: id, gid: id, groups: z.array(id) }),
    ports: z.array(port),
    bootstrap: z.string(),
    envoyArgs: z.array(text),
    restartPolicy: z.enum(['Always', 'Never']),
    drainSeconds: z.number().nonnegative().exactOptional(),
  })
  .readonly();

export const loadBalancerSpecSchema: z.ZodType<LoadBalancerSpec> = z
  .strictObject({
    uid: z.string(),
    ports: z.array(z.strictObject({ port, targets: z.array(z.strictObject({ address: z.ipv4(), port })) })),
  })
  .readonly();

export const keeperConfigSchema: z.ZodType<KeeperConfig> = z
  .strictObject({
    records: z.array(
      z.strictObject({
        name: z.string(),
        addresses: z.array(z.string()),
        namespaces: z.array(z.string()).exactOptional(),
        forPrograms: z.boolean().exactOptional(),
        unlessKnown: z.boolean().exactOptional(),
        aliasOf: z.string().exactOptional(),
      }),
    ),
    resolve: z.array(
      z.strictObject({
        host: z.string(),
        port: port.exactOptional(),
        address: z.string(),
        targetPort: port.exactOptional(),
      }),
    ),
    capturedRanges: z.strictObject({ include: ranges.exactOptional(), exclude: ranges }).exactOptional(),
    podsMayBypass: z.boolean().exactOptional(),
  })
  .readonly();

/** Throws `SP_BAD_REQUEST` naming the first thing that is wrong. */
export function parseRequest<T>(schema: z.ZodType<T>, body: unknown): T {
  const result = schema.safeParse(body);
  if (result.success) return result.data;
  const issue = result.error.issues[0];
  throw badRequest(`${issue?.path.join('.') || 'body'}: ${issue?.message ?? 'not understood'}`);
}

export interface PodKey {
  readonly namespace: string;
  readonly name: string;
}

/** Throws `SP_BAD_REQUEST` for what is no Kubernetes name. */
export function parsePodKey(namespace: string, name: string): PodKey {
  if (!label.test(namespace)) throw badRequest(`'${namespace}' is no namespace`);
  if (!subdomain.test(name)) throw badRequest(`'${name}' is no name`);
  return { namespace, name };
}

export function badRequest(message: string): SallyportError {
  return new SallyportError('SP_BAD_REQUEST', message);
}
