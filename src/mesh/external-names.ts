// Services of type ExternalName whose name is that of another Service of the mesh: they are that Service under one more
// name, since the name by itself leads to an address that only sidecars know. One may stand for the next.
import type { Service as KubeService } from '../api/kinds/service.ts';
import { keyOf, keyString } from '../api/object.ts';
import { clusterDomain } from './complete-host.ts';

export interface ExternalNames {
  /** The Service behind it in the end; undefined: the name is none of the mesh, or leads nowhere. */
  resolve(service: KubeService): KubeService | undefined;
  /** Those that stand for these, and for those in turn, added to them. */
  withAliases(keys: ReadonlySet<string>): ReadonlySet<string>;
  set(key: string, service: KubeService | undefined): void;
}

const longestChain = 8;

/** `services`: all there are, by key. */
export function createExternalNames(services: ReadonlyMap<string, KubeService>): ExternalNames {
  const targets = new Map<string, string>();
  /** By key, those that stand for it. */
  const aliases = new Map<string, Set<string>>();

  function link(key: string, target: string): void {
    targets.set(key, target);
    aliases.set(target, (aliases.get(target) ?? new Set<string>()).add(key));
  }

  function unlink(key: string, target: string): void {
    const others = aliases.get(target);
    targets.delete(key);
    others?.delete(key);
    if (others?.size === 0) aliases.delete(target);
  }

  return {
    resolve(service) {
      let current: KubeService | undefined = service;
      for (let step = 0; step < longestChain && current?.spec.type === 'ExternalName'; step += 1) {
        const target = targetOf(current);
        current = target === undefined ? undefined : services.get(target);
      }
      return current?.spec.type === 'ExternalName' ? undefined : current;
    },
    withAliases(keys) {
      const all = new Set(keys);
      for (const key of all) for (const alias of aliases.get(key) ?? []) all.add(alias);
      return all;
    },
    set(key, service) {
      const former = targets.get(key);
      const target = service?.spec.type === 'ExternalName' ? targetOf(service) : undefined;
      if (former !== undefined) unlink(key, former);
      if (target !== undefined) link(key, target);
    },
  };
}

/** The key of the Service that the name would be. */
function targetOf(service: KubeService): string | undefined {
  const name = (service.spec.externalName ?? '').toLowerCase().replace(/\.$/, '');
  const suffix = [`.svc.${clusterDomain}`, '.svc'].find((one) => name.endsWith(one));
  const [target, namespace, ...rest] = suffix === undefined ? [] : name.slice(0, -suffix.length).split('.');
  if (target === undefined || namespace === undefined || rest.length > 0) return undefined;
  return keyString({ ...keyOf(service), namespace, name: target });
}
