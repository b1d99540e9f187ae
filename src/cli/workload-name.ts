// The ways in which people name a workload: `echo`, `deploy/echo`, `pod/echo-7d9f`, `echo.default`.
import { SallyportError } from '../platform/errors.ts';
import type { ProxyBody } from '../server/wire.ts';
import type { Cli } from './cli.ts';
import { usageError } from './usage.ts';

interface Named {
  readonly namespace: string;
  /** Pod name. */
  readonly name: string;
  readonly workload: string;
}

const workloadKinds = ['deploy', 'deployment', 'deployments', 'deployments.apps', 'deployment.apps'];
const podKinds = ['pod', 'pods', 'po'];

/** Those of `all` that the name means: the pod of that name, else all pods of the workload. May be none. */
export function matchWorkload<T extends Named>(all: readonly T[], namespace: string, typed: string): readonly T[] {
  const slash = typed.indexOf('/');
  const [kind, name] = slash < 0 ? ['', typed] : [typed.slice(0, slash).toLowerCase(), typed.slice(slash + 1)];
  const here = all.filter((one) => one.namespace === namespace);
  const pods = here.filter((one) => one.name === name);
  if (podKinds.includes(kind)) return pods;
  const workloads = here.filter((one) => one.workload === name);
  if (workloadKinds.includes(kind)) return workloads;
  if (kind !== '') throw usageError(`'${typed}' names no workload`, 'write NAME, deploy/NAME or pod/NAME');
  if (pods.length > 0) return pods;
  if (workloads.length > 0) return workloads;
  return all.filter((one) => typed === `${one.name}.${one.namespace}` || typed === `${one.workload}.${one.namespace}`);
}

/** The workload's name, of one that may be gone by now. */
export function workloadNamed(typed: string): string {
  const slash = typed.indexOf('/');
  if (slash < 0) return typed;
  if (workloadKinds.includes(typed.slice(0, slash).toLowerCase())) return typed.slice(slash + 1);
  throw usageError(`'${typed}' names no workload`, 'write NAME or deploy/NAME');
}

/** The connected proxies that the name means, at least one. */
export function findProxies(cli: Cli, proxies: readonly ProxyBody[], typed: string): readonly ProxyBody[] {
  const { namespace } = cli.options();
  const found = matchWorkload(proxies, namespace, typed);
  if (found.length > 0) return found;
  throw noWorkload('proxy of', typed, namespace, proxies);
}

/** `known`: what there is, named in the hint. */
export function noWorkload(what: string, typed: string, namespace: string, known: readonly Named[]): SallyportError {
  const names = [...new Set(known.map((one) => `${one.workload}.${one.namespace}`))].sort();
  const shown = names.slice(0, 8).join(', ') + (names.length > 8 ? ', …' : '');
  const hint = names.length === 0 ? 'none is running' : `there are ${shown}`;
  return new SallyportError('SP_NOT_FOUND', `no ${what} '${typed}' in namespace '${namespace}'`, { hint });
}
